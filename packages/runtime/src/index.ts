export { type BackoffPolicy, backoffMs } from "./backoff.ts";
export { type Certificate, type CertificateOptions, createCertificate } from "./certificate.ts";
export { type Clock, ManualClock, systemClock } from "./clock.ts";
export {
  type ConfigSource,
  type ConfigValues,
  type Environment,
  readConfigValues,
} from "./config-values.ts";
export { describeError } from "./describe-error.ts";
export { type Service, startLoop, stopAll } from "./lifecycle.ts";
export { createLogger, type Logger, type LogLevel, silentLogger } from "./log.ts";
export { newUuid, type Random, seededRandom, systemRandom } from "./random.ts";
export { Semaphore } from "./semaphore.ts";
export { notifyReady } from "./service-manager.ts";
export { nextTurn } from "./turn.ts";
