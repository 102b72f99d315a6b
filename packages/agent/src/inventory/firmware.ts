import {
  type DevlinkInfo,
  findFirmwareTools,
  type Host,
  type ResetLevel,
  readBootId,
  readFirmwareConfig,
  readFlint,
  readResetLevels,
} from "@switchyard/host";
import type { NicFirmwareFacts, PciAddress, PfFirmwareConfig } from "@switchyard/model";
import { findBurned } from "../firmware/burned.ts";
import { readFirmwareConfigStamp } from "../firmware/config-stamp.ts";
import type { ReadCache } from "./read-cache.ts";
import { createSections, type Sections } from "./sections.ts";

/** Age at which the configuration is read anew, as a person may have set it. */
const CONFIG_AGE_MAX_MS = 600_000;
/** @see Mellanox/mstflint small_utils/mstfwreset.py, reset levels: 5 is a cold boot */
const COLD_LEVEL = 5;

export interface FirmwareReader {
  readonly host: Host;
  readonly sections: Sections;
  readonly cache: ReadCache;
  readonly nowMs: number;
}

/** A card by its PFs, in address order, and what devlink says of the first. */
export interface CardToRead {
  readonly pfs: readonly PciAddress[];
  readonly info: DevlinkInfo | undefined;
}

/**
 * What a card's flash tells beyond its versions. Asking it for everything takes seconds and its semaphore, so
 * it is remembered until a boot, a burn, a configuration of ours, or ten minutes have passed.
 */
export async function readFirmwareFacts(
  reader: FirmwareReader,
  card: CardToRead,
): Promise<NicFirmwareFacts> {
  const { host, cache, nowMs } = reader;
  const [first = ""] = card.pfs;
  const bootId = await readBootId(host);
  const stamp = [
    bootId,
    card.info?.running,
    card.info?.stored,
    await readFirmwareConfigStamp(host),
    Math.floor(nowMs / CONFIG_AGE_MAX_MS),
  ].join(" ");
  const { facts, findings } = await cache.get(`firmware ${first}`, stamp, async () => {
    const sections = createSections();
    const facts = await readSlowly(host, sections, card);
    return { facts, findings: sections.findings };
  });
  for (const finding of findings) reader.sections.add(finding);
  const needsColdCycle = facts.needsColdCycle || (await isWaiting(host, card, bootId));
  return { ...facts, needsColdCycle };
}

async function readSlowly(
  host: Host,
  sections: Sections,
  { pfs, info }: CardToRead,
): Promise<NicFirmwareFacts> {
  const tools = await findFirmwareTools(host);
  const [first] = pfs;
  if (tools === undefined || first === undefined) {
    return {
      tools,
      isSecure: undefined,
      originalPsid: undefined,
      needsColdCycle: false,
      config: [],
    };
  }
  const read = <Value>(name: string, reading: () => Promise<Value>) =>
    sections.read<Value | undefined>({
      name,
      severity: "warning",
      fallback: undefined,
      read: reading,
    });
  const flash = await read(`The flash of ${first}`, () => readFlint(host, tools, first));
  const config: PfFirmwareConfig[] = [];
  for (const pf of pfs) {
    const parameters = await read(`The firmware configuration of ${pf}`, () =>
      readFirmwareConfig(host, tools, pf),
    );
    if (parameters !== undefined) config.push({ pf, parameters });
  }
  const isPending = info?.running !== info?.stored;
  const levels = await read(`The reset levels of ${first}`, () =>
    readResetLevels(host, tools, first),
  );
  return {
    tools,
    isSecure: flash?.isSecure,
    originalPsid: flash?.originalPsid,
    needsColdCycle: isPending && levels !== undefined && isColdOnly(levels),
    ...(levels !== undefined && {
      resetLevels: levels.filter(({ isSupported }) => isSupported).map(({ level }) => level),
    }),
    config,
  };
}

/** The card itself says that no reset and no warm boot will activate what is stored. */
const isColdOnly = (levels: readonly ResetLevel[]): boolean =>
  levels.some(({ level, isSupported }) => isSupported && level === COLD_LEVEL) &&
  !levels.some(({ level, isSupported }) => isSupported && level < COLD_LEVEL);

/** Burned by us in an earlier boot and still not running: a warm boot was not enough. */
async function isWaiting(host: Host, { pfs, info }: CardToRead, bootId: string): Promise<boolean> {
  const [first] = pfs;
  if (first === undefined || info?.stored === undefined) return false;
  if (info.running === info.stored) return false;
  const burned = await findBurned(host, first);
  return burned?.version === info.stored && burned.bootId !== bootId;
}
