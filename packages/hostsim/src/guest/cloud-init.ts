import type { GuestNic } from "../machine/guest.ts";
import type { Machine } from "../machine/machine.ts";
import { readSeedIso } from "../programs/disk-images.ts";

interface NetworkConfig {
  readonly ethernets?: Readonly<
    Record<
      string,
      {
        readonly match?: { readonly macaddress?: string };
        readonly addresses?: readonly string[];
        readonly mtu?: number;
      }
    >
  >;
}

interface Ethernet {
  readonly addresses: readonly string[];
  readonly mtu: number | undefined;
}

/** Addresses and MTUs by MAC, as a seed's network-config has them. Only JSON, which is YAML as well, is understood. */
function ethernetsOf(files: Readonly<Record<string, string>>): ReadonlyMap<string, Ethernet> {
  const text = files["network-config"];
  const config = text === undefined ? {} : (JSON.parse(text) as NetworkConfig);
  return new Map(
    Object.values(config.ethernets ?? {}).flatMap(({ match, addresses = [], mtu }) =>
      match?.macaddress === undefined ? [] : [[match.macaddress, { addresses, mtu }] as const],
    ),
  );
}

/** What cloud-init does with the network while a guest boots: addresses by MAC, from the NoCloud seed. */
export function applySeed(machine: Machine, disks: readonly string[], nics: readonly GuestNic[]) {
  const seed = disks.map((path) => readSeedIso(machine.files.read(path))).find(Boolean);
  if (seed === undefined) return;
  const ethernets = ethernetsOf(seed);
  for (const nic of nics) {
    const own = ethernets.get(nic.mac);
    if (own === undefined) continue;
    nic.addresses = own.addresses;
    nic.mtu = own.mtu ?? nic.mtu;
    nic.isUp = true;
  }
}
