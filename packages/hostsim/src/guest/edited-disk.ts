import type { GuestNic } from "../machine/guest.ts";
import type { Machine } from "../machine/machine.ts";
import { partitionsOf } from "../machine/nbd.ts";
import { readQcow2 } from "../programs/disk-images.ts";

const KEYFILE = /^etc\/NetworkManager\/system-connections\/.*\.nmconnection$/;
const NETWORK_FILE = /^etc\/systemd\/network\/.*\.network$/;

const settingOf = (text: string, key: string): string | undefined =>
  new RegExp(`^${key}=(.*)$`, "m").exec(text)?.[1];

/** MAC and address that NetworkManager or systemd-networkd would read from a file; undefined for any other. */
function networkOf(path: string, text: string): { mac: string; address: string } | undefined {
  const keys = KEYFILE.test(path)
    ? ["mac-address", "address1"]
    : NETWORK_FILE.test(path)
      ? ["MACAddress", "Address"]
      : undefined;
  const [mac, address] = (keys ?? []).map((key) => settingOf(text, key));
  return mac === undefined || address === undefined ? undefined : { mac, address };
}

/** Files of the root file system of a guest's first disk; none where there is none. */
function filesOf(
  { files }: Machine,
  disks: readonly string[],
): readonly (readonly [string, string])[] {
  const [first] = disks;
  if (first === undefined || !files.isFile(first)) return [];
  if ("refusal" in readQcow2(files.read(first))) return [];
  return partitionsOf(files, first)
    .flatMap(({ entries }) => Object.entries(entries))
    .flatMap(([path, entry]) => (typeof entry === "string" ? [[path, entry] as const] : []));
}

/** Text of a file of the guest, by its path without a slash in front. */
export const findGuestFile = (
  machine: Machine,
  disks: readonly string[],
  path: string,
): string | undefined => filesOf(machine, disks).find(([name]) => name === path)?.[1];

/**
 * What a guest reads from the root file system of its first disk while it boots.
 *
 * @returns its hostname; undefined where the disk says none
 */
export function applyDisk(
  machine: Machine,
  disks: readonly string[],
  nics: readonly GuestNic[],
): string | undefined {
  for (const [path, text] of filesOf(machine, disks)) {
    const network = networkOf(path, text);
    const nic = nics.find(({ mac }) => mac === network?.mac);
    if (network === undefined || nic === undefined) continue;
    nic.addresses = [network.address];
    nic.isUp = true;
  }
  return findGuestFile(machine, disks, "etc/hostname")?.trim();
}
