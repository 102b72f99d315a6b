import { systemClock } from "@switchyard/runtime";
import { createGrpcEnrollCall } from "./enrolment/grpc-enroll-call.ts";
import { runAgentProcess } from "./process/run-agent.ts";
import { runRestoreProcess } from "./process/run-restore.ts";

const enrollCall = createGrpcEnrollCall({
  isInsecure: process.env["SY_INSECURE_DEVELOPMENT"] === "1",
  nowMs: () => systemClock.nowMs(),
});
const [verb, ...rest] = process.argv.slice(2);
if (rest.length > 0 || (verb !== undefined && verb !== "restore")) {
  process.stderr.write("usage: agent [restore]\n");
  process.exit(2);
}
process.exitCode =
  verb === "restore"
    ? await runRestoreProcess(process.env)
    : await runAgentProcess({ environment: process.env, enrollCall });
process.exit();
