import {
  findLoggedFirmware,
  findNetdevFirmware,
  readDevlinkInfo,
  readRdmaFirmware,
} from "@switchyard/host";
import {
  type FirmwareVersion,
  findPf,
  type PciAddress,
  type Psid,
  parseFirmwareVersion,
  SwitchyardError,
} from "@switchyard/model";
import { type StepContext, waitUntil } from "../../executor.ts";
import type { EffectReader } from "./effect-reader.ts";

/** The driver may still be loading when the agent is up. */
const CARD_TIMEOUT_MS = 120_000;
const CARD_INTERVAL_MS = 2_000;

/** One PF as devlink has it; undefined while the driver does not answer. */
interface Seen {
  readonly pf: PciAddress;
  readonly psid: Psid | undefined;
  readonly running: FirmwareVersion | undefined;
  readonly stored: FirmwareVersion | undefined;
}

async function look({ observer }: StepContext, pf: PciAddress): Promise<Seen | undefined> {
  try {
    return { pf, ...(await readDevlinkInfo(observer, `pci/${pf}`)) };
  } catch (error) {
    if (error instanceof SwitchyardError) return undefined;
    throw error;
  }
}

const awaitCard = (context: StepContext, pf: PciAddress): Promise<Seen | undefined> =>
  waitUntil(context, {
    timeoutMs: CARD_TIMEOUT_MS,
    intervalMs: CARD_INTERVAL_MS,
    read: () => look(context, pf),
    isDone: (seen) => seen?.running !== undefined,
  });

/** What netdev, RDMA device and kernel log say of a PF, where they say anything. */
async function otherWitnesses(
  { observer, topology }: StepContext,
  pf: PciAddress,
): Promise<readonly { readonly who: string; readonly says: string }[]> {
  const netdev = findPf(await topology.current(), pf)?.pf.link.netdev;
  const ethtool = netdev === undefined ? undefined : await findNetdevFirmware(observer, netdev);
  const rdma = await readRdmaFirmware(observer, pf);
  const logged = await findLoggedFirmware(observer, pf);
  return [
    { who: "ethtool", says: ethtool?.version },
    { who: "RDMA", says: rdma },
    { who: "the kernel log", says: logged },
  ].flatMap(({ who, says }) => (says === undefined ? [] : [{ who, says }]));
}

function isVersion(text: string, version: FirmwareVersion): boolean {
  try {
    return parseFirmwareVersion(text) === version;
  } catch {
    return false;
  }
}

function contradiction(
  seen: Seen | undefined,
  effect: { readonly psid: Psid; readonly version: FirmwareVersion },
): string | undefined {
  if (seen === undefined) return "no answer of its driver";
  if (seen.psid !== effect.psid) return `PSID ${seen.psid ?? "unknown"}`;
  const { running, stored } = seen;
  if (running === effect.version) return undefined;
  if (stored !== effect.version) return `${running} running, ${stored} stored`;
  return `${running} running although ${stored} is stored: the card kept its power, and with it its old firmware`;
}

/**
 * New firmware is proven only when the running version, on every PF of the card, is the wanted one with the
 * PSID unchanged, and when netdev, RDMA device and kernel log agree as far as they speak.
 */
export const firmware: EffectReader<"firmware"> = async (context, effect) => {
  const needs = `${effect.version} running with PSID ${effect.psid} on ${effect.pfs.join(", ")}`;
  for (const pf of effect.pfs) {
    const found = contradiction(await awaitCard(context, pf), effect);
    if (found !== undefined) return { found: `${pf}: ${found}`, needs };
    const others = await otherWitnesses(context, pf);
    const other = others.find(({ says }) => !isVersion(says, effect.version));
    if (other !== undefined) return { found: `${pf}: ${other.who} says ${other.says}`, needs };
  }
  return undefined;
};
