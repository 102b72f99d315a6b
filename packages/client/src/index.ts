export { ApiError, type PreconditionViolation } from "./api-error.ts";
export {
  type ChannelSecurity,
  type ClientOptions,
  createClient,
  type SwitchyardClient,
} from "./client.ts";
export { allPages } from "./pages.ts";
export type { CallOptions, PromiseService } from "./promise-service.ts";
export { isJobEnded, waitForJob } from "./wait.ts";
