// The product on a real kernel: `./dev lab [PART…]`. Exit code 0 says that every part was verified.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "@switchyard/dev/bundle";
import {
  conclude,
  createMainJob,
  createReport,
  type MainJobTimeouts,
} from "@switchyard/dev/main-job";
import { ensureNatsServer } from "@switchyard/dev/setup";
import { startStack } from "@switchyard/dev/stack";
import { createLogger } from "@switchyard/runtime";
import { ensureLabArtefacts } from "./build/artefacts.ts";
import type { LabPart } from "./context.ts";
import { startLabHost } from "./lab-host.ts";
import { contractPart } from "./parts/contract.ts";
import { enrol } from "./parts/enrol.ts";
import { powerCutPart } from "./parts/power-cut.ts";
import { tearDown } from "./parts/profile.ts";
import { vmsPart } from "./parts/vms.ts";
import { preparePayload } from "./payload.ts";
import { RELAY_PROGRAM } from "./relay-port.ts";

const AGENT_PROGRAM = new URL("../../packages/agent/src/main.ts", import.meta.url).pathname;
const RELAY_SOURCE = new URL("host-relay.ts", import.meta.url).pathname;
const LOG_FILE = new URL("../../.run/lab.log", import.meta.url).pathname;

/** Emulation inside emulation: a guest needs minutes where a server needs seconds. */
const LAB_TIMEOUTS: MainJobTimeouts = { hostReadyMs: 120_000, jobMs: 300_000, vmStartMs: 900_000 };
const EXIT_USAGE = 2;

/** Before the agent is there, and with it. In this order, all on one boot of the host. */
const BARE_PARTS: readonly LabPart[] = [contractPart];
const AGENT_PARTS: readonly LabPart[] = [powerCutPart, vmsPart];

const wanted = process.argv.slice(2);
const known = [...BARE_PARTS, ...AGENT_PARTS].map(({ name }) => name);
const unknown = wanted.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`lab: no part ${unknown.join(", ")}; there are ${known.join(", ")}\n`);
  process.exit(EXIT_USAGE);
}
const isWanted = ({ name }: LabPart) => wanted.length === 0 || wanted.includes(name);

const report = createReport(process.stdout);
report.say(
  "A LAB host: a real Linux kernel in QEMU under software emulation. No hardware is touched,",
);
report.say("nothing of it says how fast a server would be.");

report.part("Build what the lab boots, from Debian's packages (cached)");
const artefacts = await ensureLabArtefacts(report.say);
await ensureNatsServer(report.say);

report.part("Bundle the agent into one file; start Postgres, NATS and a controller");
const payloadDirectory = await mkdtemp(join(tmpdir(), "sy-lab-payload-"));
const agentBundle = join(payloadDirectory, "agent.mjs");
await bundle(AGENT_PROGRAM, agentBundle);
await bundle(RELAY_SOURCE, join(payloadDirectory, RELAY_PROGRAM));
await preparePayload(payloadDirectory, {});
const stack = await startStack({
  hosts: 0,
  log: createLogger({ name: "switchyard-lab", file: LOG_FILE }),
});
report.say(`gRPC on ${stack.address}; log in .run/lab.log`);

try {
  report.part("Boot the lab host");
  const labHost = await startLabHost({ artefacts, payloadDirectory, reachesOuterMachine: true });
  try {
    report.say(
      `ready ${labHost.uptimeSeconds().toFixed(1)} s after power-on; files in ${labHost.paths.directory}`,
    );
    const job = createMainJob({ client: stack.client, report, timeouts: LAB_TIMEOUTS });
    const context = { stack, labHost, report, job, host: `hosts/${labHost.topology.name}` };
    for (const part of BARE_PARTS.filter(isWanted)) await part.run(context);
    const agentParts = AGENT_PARTS.filter(isWanted);
    if (agentParts.length > 0) {
      await enrol(context);
      for (const part of agentParts) await part.run(context);
      await tearDown(context);
    }
  } finally {
    await labHost.stop();
  }
} finally {
  await stack.stop();
  await rm(payloadDirectory, { recursive: true, force: true });
}

process.exit(conclude(report, process.stdout));
