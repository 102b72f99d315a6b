import { systemClock } from "@switchyard/runtime";
import { createGrpcEnrollCall } from "./enrolment/grpc-enroll-call.ts";
import { runAgentProcess } from "./process/run-agent.ts";

const enrollCall = createGrpcEnrollCall({
  isInsecure: process.env["SY_INSECURE_DEVELOPMENT"] === "1",
  nowMs: () => systemClock.nowMs(),
});
process.exitCode = await runAgentProcess({ environment: process.env, enrollCall });
process.exit();
