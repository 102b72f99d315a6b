export { type Api, type ApiOptions, startApi } from "./api/create-api.ts";
export type { ApiToken } from "./api/interceptors/authentication.ts";
export type { Role } from "./api/interceptors/role.ts";
export type { ListenOptions } from "./api/listen.ts";
export { loadConfig } from "./config.ts";
export {
  type Controller,
  type ControllerConfig,
  createController,
  type NatsConfig,
} from "./controller.ts";
export type { JobAddress } from "./dispatch/host-commands.ts";
export { settleEndedJobs } from "./dispatch/job-end.ts";
export { type Brake, createBrake } from "./reconcilers/freeze/brake.ts";
export { startTelemetryIngest } from "./telemetry/telemetry-ingest.ts";
