import { describeError, systemClock } from "@switchyard/runtime";
import { createGrpcEnrollCall } from "./enrolment/grpc-enroll-call.ts";
import { runCheckConfig } from "./process/check-config.ts";
import { runAgentProcess } from "./process/run-agent.ts";
import { runRestoreProcess } from "./process/run-restore.ts";

const USAGE = "usage: agent [restore | --check-config]\n";
const EXIT_USAGE = 2;

const enrollCall = createGrpcEnrollCall({
  isInsecure: process.env["SY_INSECURE_DEVELOPMENT"] === "1",
  nowMs: () => systemClock.nowMs(),
});

async function main(args: readonly string[]): Promise<number> {
  const [verb, ...rest] = args;
  if (rest.length === 0) {
    if (verb === undefined) return runAgentProcess({ environment: process.env, enrollCall });
    if (verb === "restore") return runRestoreProcess(process.env);
    if (verb === "--check-config") return runCheckConfig(process.env);
  }
  process.stderr.write(USAGE);
  return EXIT_USAGE;
}

try {
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(describeError(error));
  process.exit(1);
}
