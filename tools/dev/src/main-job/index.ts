export { commandLines } from "./command-lines.ts";
export {
  createMainJob,
  kindWord,
  type MainJob,
  type MainJobTimeouts,
  SIMULATED_TIMEOUTS,
  vdpaDatapath,
} from "./main-job.ts";
export { createReport, type Report } from "./report.ts";
