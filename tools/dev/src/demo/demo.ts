import { parseFirmwareVersion } from "@switchyard/model";
import { createLogger } from "@switchyard/runtime";
import { conclude, createReport } from "../main-job/report.ts";
import { ensureNatsServer } from "../setup/nats-server.ts";
import { startStack } from "../stack/stack.ts";
import { untilInterrupted } from "../until-interrupted.ts";
import { createDemoWeb } from "./demo-image.ts";
import { nextCommands } from "./next-commands.ts";
import { runDemo, tearDownDemo } from "./scenario.ts";

const HOSTS = 6;
/** The host that comes with firmware too old for switchdev. */
const OLD_FIRMWARE_HOST = "r740-05";
const OLD_FIRMWARE = parseFirmwareVersion("22.27.61.06");
const EXIT_USAGE = 2;

/**
 * The main job on simulated hosts with embedded defaults. Without `--once` it stays up until interrupted;
 * with it, it tears down again and the exit status says whether every part was verified.
 */
export async function demo(root: string, args: readonly string[]): Promise<number> {
  const unknown = args.filter((arg) => arg !== "--once");
  if (unknown.length > 0) {
    process.stderr.write(`dev: demo does not know ${unknown.join(" ")}; it takes --once\n`);
    return EXIT_USAGE;
  }
  const report = createReport(process.stdout);
  report.say("Everything below runs on SIMULATED hosts: models in memory, no hardware is touched.");
  await ensureNatsServer(report.say);
  report.part("Bring up Postgres, NATS, a controller and the agents of 6 simulated hosts");
  const stack = await startStack({
    hosts: HOSTS,
    web: createDemoWeb(),
    overrides: { [OLD_FIRMWARE_HOST]: { firmware: OLD_FIRMWARE } },
    environment: process.env,
    log: createLogger({ name: "switchyard-demo", file: `${root}/.run/demo.log` }),
  });
  try {
    report.say(
      `gRPC on ${stack.address} (no TLS: development setting, loopback only); log in .run/demo.log`,
    );
    report.say(`Metrics on http://${stack.gatewayAddress}/metrics, probes beside them`);
    const state = await runDemo(stack, report, root);
    if (!args.includes("--once")) {
      report.part("Stays up; Ctrl-C ends it and everything it started");
      report.show(nextCommands(stack, state));
      await untilInterrupted();
    } else {
      await tearDownDemo(stack, state, report);
    }
  } finally {
    await stack.stop();
  }
  return conclude(report, process.stdout);
}
