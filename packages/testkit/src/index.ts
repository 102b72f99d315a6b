export { buildBareLabHost, labVfMac } from "./builders/lab-host.ts";
export { buildBareR740, buildConnectX6, NEW_FIRMWARE, OLD_FIRMWARE } from "./builders/r740.ts";
export { buildLink, cidr, firmware, pciAddress, slotMac } from "./builders/values.ts";
export { cacheFolder } from "./cache-folder.ts";
export { lintExposition } from "./exposition/lint-exposition.ts";
export {
  type ExposedFamily,
  type ExposedSeries,
  parseExposition,
} from "./exposition/parse-exposition.ts";
export { testSeed } from "./seed.ts";
export { freePort } from "./services/free-port.ts";
export { findNatsServer, startNats, type TestNats, type TestNatsOptions } from "./services/nats.ts";
export { startPostgres, type TestPostgres, type TestPostgresOptions } from "./services/postgres.ts";
export { type WaitOptions, waitFor } from "./wait-for.ts";
