// Durable no-op jobs from API accept to result committed, beside its peers in the same run:
// `./dev bench dispatch [--json]`.
import { ensureNatsServer } from "@switchyard/dev/setup";
import { startNats } from "@switchyard/testkit";
import { describeMachine, type Figure, percentile, printReport, rounded } from "../report.ts";
import { measureGraphile } from "./graphile.ts";
import { measureIdleAgent } from "./idle-agent.ts";
import { measureNatsRequest } from "./nats-request.ts";
import { HOSTS, measureSwitchyard } from "./switchyard.ts";
import type { DispatchResult } from "./throughput.ts";

const LOAD = { jobs: 10_000, idleJobs: 300 };
const THROUGHPUT_RATIO_AIM = 2;
const IDLE_P50_AIM_MS = 2.5;

const isJson = process.argv.includes("--json");
const say = (line: string) => process.stderr.write(`bench dispatch: ${line}\n`);

function figuresOf(name: string, result: DispatchResult): readonly Figure[] {
  return [
    { name: `${name} throughput`, value: rounded(result.jobsPerSecond), unit: "jobs/s" },
    {
      name: `${name} idle latency p50`,
      value: rounded(percentile(result.idleLatenciesMs, 0.5)),
      unit: "ms",
    },
    {
      name: `${name} idle latency p99`,
      value: rounded(percentile(result.idleLatenciesMs, 0.99)),
      unit: "ms",
    },
  ];
}

function ratioFigure(
  ours: DispatchResult,
  peer: string,
  theirs: DispatchResult,
  aim?: number,
): Figure {
  const ratio = rounded(ours.jobsPerSecond / theirs.jobsPerSecond);
  return {
    name: `throughput against ${peer}`,
    value: rounded(ours.jobsPerSecond),
    unit: "jobs/s",
    peer,
    ratio,
    ...(aim === undefined ? {} : { aim: `ratio >= ${aim}`, ok: ratio >= aim }),
  };
}

await ensureNatsServer(say);
const peers: { plain?: DispatchResult; batched?: DispatchResult; nats?: DispatchResult } = {};
say(
  `switchyard: ${LOAD.jobs} jobs to ${HOSTS} simulated hosts, client, controller and agents in a process each`,
);
const ours = await measureSwitchyard(LOAD, async ({ createDatabase }) => {
  say("graphile-worker, plain, on the same Postgres");
  peers.plain = await measureGraphile(await createDatabase("graphile_plain"), "plain", LOAD);
  say("graphile-worker, batched, on the same Postgres");
  peers.batched = await measureGraphile(await createDatabase("graphile_batched"), "batched", LOAD);
});
say("raw NATS request/reply");
const nats = await startNats();
peers.nats = await measureNatsRequest(nats.url, LOAD).finally(() => nats.stop());
say("one agent, idle");
const idle = await measureIdleAgent();

const { plain, batched } = peers;
if (plain === undefined || batched === undefined) throw new Error("a peer was not measured");
const idleP50 = percentile(ours.idleLatenciesMs, 0.5);
printReport(
  {
    bench: "dispatch",
    machine: describeMachine(),
    figures: [
      ratioFigure(ours, "graphile-worker plain", plain, THROUGHPUT_RATIO_AIM),
      ratioFigure(ours, "graphile-worker batched", batched),
      ratioFigure(ours, "NATS request/reply", peers.nats),
      {
        name: "idle latency p50, API accept to result committed",
        value: rounded(idleP50),
        unit: "ms",
        aim: `<= ${IDLE_P50_AIM_MS} ms`,
        ok: idleP50 <= IDLE_P50_AIM_MS,
        peer: "graphile-worker plain",
        ratio: rounded(idleP50 / percentile(plain.idleLatenciesMs, 0.5)),
      },
      {
        name: "idle latency p99, API accept to result committed",
        value: rounded(percentile(ours.idleLatenciesMs, 0.99)),
        unit: "ms",
        peer: "graphile-worker plain",
        ratio: rounded(
          percentile(ours.idleLatenciesMs, 0.99) / percentile(plain.idleLatenciesMs, 0.99),
        ),
      },
      ...figuresOf("graphile-worker plain", plain),
      ...figuresOf("graphile-worker batched", batched),
      ...figuresOf("NATS request/reply", peers.nats),
      { name: "agent idle RSS", value: rounded(idle.rssBytes / 1024 ** 2), unit: "MiB" },
      { name: "agent idle CPU", value: rounded(idle.cpuShare * 100), unit: "% of one core" },
    ],
  },
  isJson,
);
process.exit(0);
