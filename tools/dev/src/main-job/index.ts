export { commandLines } from "./command-lines.ts";
export {
  createMainJob,
  kindWord,
  type MainJob,
  type MainJobTimeouts,
  SIMULATED_TIMEOUTS,
  vdpaDatapath,
} from "./main-job.ts";
export { conclude, createReport, type Report } from "./report.ts";
