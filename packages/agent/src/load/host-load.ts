import {
  type BmcSettings,
  findIpmiWatts,
  findPowerPath,
  type Host,
  listRaplZones,
  readBmcSettings,
  readBootId,
  readChassisWatts,
  readCpuBusySeconds,
  withRedfish,
} from "@switchyard/host";
import { CPU_PACKAGES_MAX, type HostLoad, SwitchyardError } from "@switchyard/model";
import type { Clock } from "@switchyard/runtime";

/** An iDRAC measures anew after so long, and writes each login into its log. */
const REDFISH_AGE_MS = 10_000;
/** IPMI that did not answer is asked again after so long. */
const IPMI_PAUSE_MS = 60_000;
const PACKAGE = /^package-\d+$/;

/** Reads what a host spends, as often as somebody measures it. */
export interface LoadMeter {
  /** @throws HostFileError where /proc/stat can't be read */
  read(): Promise<HostLoad>;
}

/** A source that the host refuses, or that is not there, is left out: a gap tells the truth. */
const orNothing = <T>(read: Promise<T>): Promise<T | undefined> =>
  read.catch((error: unknown) => {
    if (error instanceof SwitchyardError) return undefined;
    throw error;
  });

/** Power of the whole host by Redfish, at most {@link REDFISH_AGE_MS} old. */
function redfishWatts(parts: LoadMeterParts): () => Promise<number | undefined> {
  const { host, clock, bmc } = parts;
  let path: string | undefined;
  let last: { readonly atMs: number; readonly watts: number | undefined } | undefined;
  return async () => {
    const nowMs = clock.monotonicMs();
    if (last !== undefined && nowMs - last.atMs < REDFISH_AGE_MS) return last.watts;
    const settings = bmc ?? (await orNothing(readBmcSettings(host)));
    const watts =
      settings &&
      (await orNothing(
        withRedfish(host, settings, async (connection) => {
          path ??= await findPowerPath(connection);
          return path === undefined ? undefined : readChassisWatts(connection, path);
        }),
      ));
    last = { atMs: nowMs, watts };
    return watts;
  };
}

/** In-band; once it did not answer it is left alone for a while, since that takes seconds. */
function ipmiWatts({ host, clock }: LoadMeterParts): () => Promise<number | undefined> {
  let silentUntilMs = Number.NEGATIVE_INFINITY;
  return async () => {
    if (clock.monotonicMs() < silentUntilMs) return undefined;
    const watts = await orNothing(findIpmiWatts(host));
    if (watts === undefined) silentUntilMs = clock.monotonicMs() + IPMI_PAUSE_MS;
    return watts;
  };
}

export interface LoadMeterParts {
  readonly host: Host;
  readonly clock: Clock;
  /** The BMC as the agent's configuration names it; left out: the host may say. */
  readonly bmc?: BmcSettings | undefined;
}

export function createLoadMeter(parts: LoadMeterParts): LoadMeter {
  const { host, clock } = parts;
  const readIpmi = ipmiWatts(parts);
  const readRedfish = redfishWatts(parts);
  return {
    read: async () => {
      const bootId = await readBootId(host);
      const ofIpmi = await readIpmi();
      const ofRedfish = ofIpmi === undefined ? await readRedfish() : undefined;
      // Last and together, so that they are of one moment.
      const zones = (await orNothing(listRaplZones(host))) ?? [];
      const monotonicMs = clock.monotonicMs();
      const cpuBusySeconds = await readCpuBusySeconds(host);
      const packages = zones.filter(({ name }) => PACKAGE.test(name)).slice(0, CPU_PACKAGES_MAX);
      return {
        ...{ monotonicMs, bootId, cpuBusySeconds },
        packages: packages.map(({ name, joules, rangeJoules }) => ({ name, joules, rangeJoules })),
        ipmiWatts: ofIpmi,
        redfishWatts: ofRedfish,
      };
    },
  };
}
