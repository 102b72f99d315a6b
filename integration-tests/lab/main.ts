// The main job on a real kernel: `./dev lab`. Exit code 0 says that every part was verified.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "@switchyard/dev/bundle";
import { conclude, createReport } from "@switchyard/dev/main-job";
import { ensureNatsServer } from "@switchyard/dev/setup";
import { startStack } from "@switchyard/dev/stack";
import { createLogger } from "@switchyard/runtime";
import { ensureLabArtefacts } from "./build/artefacts.ts";
import { startLabHost } from "./lab-host.ts";
import { preparePayload } from "./payload.ts";
import { runLabScenario } from "./scenario.ts";

const AGENT_PROGRAM = new URL("../../packages/agent/src/main.ts", import.meta.url).pathname;
const LOG_FILE = new URL("../../.run/lab.log", import.meta.url).pathname;

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
    await runLabScenario({ stack, labHost, report });
  } finally {
    await labHost.stop();
  }
} finally {
  await stack.stop();
  await rm(payloadDirectory, { recursive: true, force: true });
}

process.exit(conclude(report, process.stdout));
