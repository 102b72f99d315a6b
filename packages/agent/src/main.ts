import { runAgentProcess } from "./process/run-agent.ts";

process.exitCode = await runAgentProcess({ environment: process.env, enrollCall: undefined });
process.exit();
