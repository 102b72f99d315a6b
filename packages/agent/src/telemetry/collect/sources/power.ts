import {
  type BmcSettings,
  findIpmiWatts,
  findPowerPath,
  type Host,
  listRaplZones,
  type RaplZone,
  raplIncrease,
  readBmcSettings,
  readChassisWatts,
  withRedfish,
} from "@switchyard/host";
import type { Pass, Source } from "../source.ts";

/**
 * A counter turns once in about 29 minutes at 150 W; between readings further apart a whole turn may be hidden.
 *
 * @see reference in {@link listRaplZones}
 */
const RAPL_AGE_MS_MAX = 300_000;
const PACKAGE = /^package-\d+$/;

interface ZoneState {
  readonly zone: RaplZone;
  readonly joules: number;
}

/** Energy of the CPU packages since the agent started, and from it their power; not the whole host's. */
export function raplSource(): Source {
  const zones = new Map<string, ZoneState>();
  let readAtMs: number | undefined;
  return {
    name: "RAPL",
    rate: "1s",
    read: async (pass) => {
      const now = await listRaplZones(pass.host);
      const atMs = pass.clock.monotonicMs();
      const elapsedMs = readAtMs === undefined ? undefined : atMs - readAtMs;
      const isUsable = elapsedMs !== undefined && elapsedMs > 0 && elapsedMs < RAPL_AGE_MS_MAX;
      let packageJoules: number | undefined;
      for (const zone of now) {
        const known = zones.get(zone.name);
        const grown = known === undefined || !isUsable ? 0 : raplIncrease(known.zone, zone);
        zones.set(zone.name, { zone, joules: (known?.joules ?? 0) + grown });
        addZone(pass, zone.name, zones.get(zone.name)?.joules);
        if (PACKAGE.test(zone.name) && known !== undefined) {
          packageJoules = (packageJoules ?? 0) + grown;
        }
      }
      readAtMs = atMs;
      if (packageJoules === undefined || !isUsable) return;
      pass.add("host.power", "rapl", packageJoules / (elapsedMs / 1000));
    },
  };
}

/** Parts of a package other than its memory are within the package's own figure. */
function addZone(pass: Pass, name: string, joules: number | undefined): void {
  if (PACKAGE.test(name)) pass.add("cpu.package_energy", name, joules);
  const [owner = "", part] = name.split("/");
  if (part === "dram") pass.add("cpu.dram_energy", owner, joules);
}

/** Power of the whole host by IPMI, in-band. */
export const ipmiSource = (): Source => ({
  name: "IPMI",
  rate: "5s",
  read: async (pass) => pass.add("host.power", "ipmi", await findIpmiWatts(pass.host)),
});

/**
 * Power of the whole host by its BMC's Redfish, where the agent may use it. Once a minute: an iDRAC writes every
 * login into its log, and where IPMI answers it tells the same oftener.
 */
export function redfishSource(configured: BmcSettings | undefined): Source {
  let path: string | undefined;
  const read = async (host: Host, settings: BmcSettings) =>
    await withRedfish(host, settings, async (connection) => {
      path ??= await findPowerPath(connection);
      return path === undefined ? undefined : await readChassisWatts(connection, path);
    });
  return {
    name: "Redfish power",
    rate: "60s",
    read: async (pass) => {
      const settings = configured ?? (await readBmcSettings(pass.host));
      if (settings === undefined) return;
      pass.add("host.power", "redfish", await read(pass.host, settings));
    },
  };
}
