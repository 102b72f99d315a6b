import type { Host } from "../../port/host.ts";
import { listOptional, readOptional } from "../tool.ts";

/** Energy that one part of a processor has used, as a counter that wraps. */
export interface RaplZone {
  /** `package-0`, or `package-0/dram` for a part of it. */
  readonly name: string;
  readonly joules: number;
  /** Where the counter begins anew. */
  readonly rangeJoules: number;
}

const POWERCAP = "/sys/class/powercap";
/** Zones looked at; a server of eight sockets has 32. */
const ZONES_MAX = 128;
const MICROJOULES = 1e6;

/**
 * Zones of RAPL, packages first; none in a VM, where there is no such processor. Reads need root.
 *
 * @throws HostFileError EACCES
 * @see torvalds/linux Documentation/power/powercap/powercap.rst
 */
export async function listRaplZones(host: Host): Promise<readonly RaplZone[]> {
  const names = (await listOptional(host, POWERCAP)).filter((name) =>
    /^intel-rapl:\d+(:\d+)?$/.test(name),
  );
  const zones: RaplZone[] = [];
  const packages = new Map<string, string>();
  for (const entry of names.sort().slice(0, ZONES_MAX)) {
    const folder = `${POWERCAP}/${entry}`;
    const name = await readOptional(host, `${folder}/name`);
    const range = Number(await readOptional(host, `${folder}/max_energy_range_uj`));
    if (name === undefined || !(range > 0)) continue;
    const [, socket = "", part] = entry.split(":");
    if (part === undefined) packages.set(socket, name);
    const energy = Number((await host.readFile(`${folder}/energy_uj`)).trim());
    if (!Number.isFinite(energy)) continue;
    zones.push({
      name: part === undefined ? name : `${packages.get(socket) ?? `package-${socket}`}/${name}`,
      joules: energy / MICROJOULES,
      rangeJoules: range / MICROJOULES,
    });
  }
  return zones;
}

/**
 * Joules between two readings of one zone, less than a whole turn apart; the counter of an R740 turns once
 * in about 29 minutes at 150 W.
 */
export const raplIncrease = (before: RaplZone, now: RaplZone): number =>
  now.joules >= before.joules
    ? now.joules - before.joules
    : now.joules + now.rangeJoules - before.joules;
