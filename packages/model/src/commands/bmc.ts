import type { BiosAttributes } from "../bmc/bios.ts";
import type { BmcEndpoint, BmcTrust } from "../bmc/endpoint.ts";
import type { Argv } from "./argv.ts";

/** A BMC is a slow machine, but it takes a connection at once or not at all. */
const CONNECT_TIMEOUT_S = 10;
/** Reading all BIOS attributes takes an iDRAC9 some ten seconds. */
const REQUEST_TIMEOUT_S = 60;
/** The BIOS attribute registry has about a megabyte. */
const ANSWER_BYTES_MAX = 8 * 1024 * 1024;

/** Longer than curl waits by itself, so that its own words are heard. */
export const REDFISH_TIMEOUT_MS = (REQUEST_TIMEOUT_S + 15) * 1000;
/** Headers come with the body. */
export const REDFISH_OUTPUT_BYTES_MAX = ANSWER_BYTES_MAX + 64 * 1024;

export type RedfishMethod = "GET" | "PATCH" | "POST" | "DELETE";

/** One request as it is told to curl; who asks is on stdin, never here. */
export interface RedfishRequest {
  readonly method: RedfishMethod;
  /** From `/redfish/` on. */
  readonly path: string;
  readonly body?: unknown;
}

function trustOptions(trust: BmcTrust): readonly string[] {
  switch (trust.kind) {
    // The pin is looked at although the chain, self-signed as BMCs are delivered, is not.
    case "public-key":
      return ["--insecure", "--pinnedpubkey", trust.pin];
    case "ca-file":
      return ["--cacert", trust.path];
    case "unverified":
      return ["--insecure"];
  }
}

/**
 * A request to a BMC. Answer and headers go to stdout; user and password come as a configuration on stdin.
 * `--disable` comes first, as curl wants it, and keeps a `.curlrc` out.
 *
 * @see curl(1)
 */
export const curlRedfish = (
  { address, trust }: BmcEndpoint,
  { method, path, body }: RedfishRequest,
): Argv => [
  "curl",
  "--disable",
  "--config",
  "-",
  "--silent",
  "--show-error",
  "--include",
  "--globoff",
  "--proto",
  "=https",
  "--connect-timeout",
  String(CONNECT_TIMEOUT_S),
  "--max-time",
  String(REQUEST_TIMEOUT_S),
  "--max-filesize",
  String(ANSWER_BYTES_MAX),
  ...trustOptions(trust),
  "--request",
  method,
  ...(body === undefined
    ? []
    : ["--header", "Content-Type: application/json", "--data-raw", JSON.stringify(body)]),
  "--",
  `${address}${path}`,
];

const MANAGER_PATH = "/redfish/v1/Managers/iDRAC.Embedded.1";

/** Where iDRAC9 lists its jobs. */
export const BMC_JOBS_PATH = `${MANAGER_PATH}/Oem/Dell/Jobs`;

export const biosPath = (systemPath: string): string => `${systemPath}/Bios`;
export const biosSettingsPath = (systemPath: string): string => `${biosPath(systemPath)}/Settings`;

/** Wanted with the next boot. Current iDRACs make the job for it themselves. */
export const patchBiosSettings = (
  systemPath: string,
  attributes: BiosAttributes,
): RedfishRequest => ({
  method: "PATCH",
  path: biosSettingsPath(systemPath),
  body: { "@Redfish.SettingsApplyTime": { ApplyTime: "OnReset" }, Attributes: attributes },
});

/** The job that older iDRACs must be asked for, and any whose job was lost. */
export const createBiosJob = (systemPath: string): RedfishRequest => ({
  method: "POST",
  path: BMC_JOBS_PATH,
  body: { TargetSettingsURI: biosSettingsPath(systemPath) },
});

/** Takes a job out of the queue. */
export const deleteBmcJob = (id: string): RedfishRequest => ({
  method: "POST",
  path: `${MANAGER_PATH}/Oem/Dell/DellJobService/Actions/DellJobService.DeleteJobQueue`,
  body: { JobID: id },
});

/** Forgets pending settings; refused while a job holds them. */
export const clearPendingBios = (systemPath: string): RedfishRequest => ({
  method: "POST",
  path: `${biosSettingsPath(systemPath)}/Actions/Oem/DellManager.ClearPending`,
  body: {},
});

export type ResetType =
  | "On"
  | "ForceOff"
  | "ForceRestart"
  | "GracefulRestart"
  | "GracefulShutdown"
  | "PowerCycle";

export const resetSystem = (systemPath: string, resetType: ResetType): RedfishRequest => ({
  method: "POST",
  path: `${systemPath}/Actions/ComputerSystem.Reset`,
  body: { ResetType: resetType },
});

/** Writes out what the kernel holds back. @see sync(1) */
export const sync = (): Argv => ["sync"];
