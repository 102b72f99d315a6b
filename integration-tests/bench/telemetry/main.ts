// Samples from the broker to committed while an hour is queried, beside plain inserts into the same Postgres, and what a
// sample takes on the wire: `./dev bench telemetry [--json]`.
import { ensureNatsServer } from "@switchyard/dev/setup";
import { startPostgres } from "@switchyard/testkit";
import { describeMachine, percentile, printReport, rounded } from "../report.ts";
import { FLEET, SAMPLES } from "./fleet.ts";
import { measureIngest, measureRaw } from "./ingest.ts";

const SHARE_AIM = 0.5;

const say = (line: string) => process.stderr.write(`bench telemetry: ${line}\n`);

await ensureNatsServer(say);
const postgres = await startPostgres({ flags: ["-c", "max_connections=100"] });
try {
  say("plain inserts");
  const raw = await measureRaw(await postgres.createDatabase("raw"));
  say(`${SAMPLES} samples of ${FLEET.hosts} hosts`);
  const alone = await measureIngest(await postgres.createDatabase("alone"), { withQuery: false });
  say("again, while an hour is queried");
  const busy = await measureIngest(await postgres.createDatabase("busy"), { withQuery: true });
  const ratio = rounded(busy.perSecond / raw);
  const name = "samples committed while an hour is queried";
  printReport(
    {
      bench: "telemetry",
      machine: describeMachine(),
      figures: [
        {
          ...{
            name,
            value: rounded(busy.perSecond),
            unit: "/s",
            peer: "plain unnest inserts",
            ratio,
          },
          aim: `ratio >= ${SHARE_AIM}`,
          ok: ratio >= SHARE_AIM,
        },
        { name: "plain unnest inserts, no index, one client", value: rounded(raw), unit: "/s" },
        { name: "samples committed, no query", value: rounded(alone.perSecond), unit: "/s" },
        {
          name: "query of an hour, not rolled up, meanwhile: p50",
          value: rounded(percentile(busy.queriesMs, 0.5)),
          unit: "ms",
        },
        { name: "p99", value: rounded(percentile(busy.queriesMs, 0.99)), unit: "ms" },
        { name: "queries answered", value: busy.queriesMs.length, unit: "" },
        { name: "on the wire", value: rounded(busy.bytesPerSample), unit: "bytes a sample" },
      ],
    },
    process.argv.includes("--json"),
  );
} finally {
  await postgres.stop();
}
