import { ipLinkMtu, ipVfSettingsSet, type VfPortSettings } from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { arrayOf, recordOf } from "../json.ts";
import { readOptional, runJson } from "../tool.ts";
import { ipLinkShow } from "./commands.ts";
import { linkError } from "./iproute.ts";

/** MTU of a netdev; undefined when there is none. Starts no program. */
export async function readLinkMtu(host: Host, netdev: string): Promise<number | undefined> {
  const text = await readOptional(host, `/sys/class/net/${netdev}/mtu`);
  return text === undefined ? undefined : Number(text);
}

/**
 * Sets the MTU of a netdev; may run twice. A bond passes it on to its ports.
 *
 * @param mtu within the driver's `min_mtu` and `max_mtu`, else EINVAL
 * @throws HostError DEVICE_ABSENT, LINK_CHANGE_FAILED
 */
export async function setLinkMtu(host: Host, netdev: string, mtu: number): Promise<void> {
  const argv = ipLinkMtu(netdev, mtu);
  const result = await host.run({ argv });
  if (result.exitCode !== 0) throw linkError(netdev, argv, result);
}

/** @see iproute2/iproute2 ip/ipaddress.c, print_vfinfo */
export function parseVfPortSettings(
  links: unknown,
  vf: { readonly netdev: string; readonly index: number },
): VfPortSettings | undefined {
  const link = arrayOf(links)
    .map(recordOf)
    .find((each) => each["ifname"] === vf.netdev);
  const info = arrayOf(link?.["vfinfo_list"])
    .map(recordOf)
    .find((each) => each["vf"] === vf.index);
  if (info === undefined) return undefined;
  const [tag] = arrayOf(info["vlan_list"]).map(recordOf);
  return {
    vlan: Number(tag?.["vlan"] ?? info["vlan"] ?? 0),
    isSpoofChecked: info["spoofchk"] === true,
    maxTxMbps: Number(recordOf(info["rate"])["max_tx"] ?? 0),
  };
}

/** What the card does for a VF; undefined when there is no such VF. */
export const readVfPortSettings = async (
  host: Host,
  vf: { readonly netdev: string; readonly index: number },
): Promise<VfPortSettings | undefined> =>
  parseVfPortSettings(await runJson(host, ipLinkShow()), vf);

/**
 * Sets what the card does for a VF, by its PF; may run twice.
 *
 * @throws HostError DEVICE_ABSENT, LINK_CHANGE_FAILED (EOPNOTSUPP in switchdev mode)
 */
export async function setVfPortSettings(
  host: Host,
  vf: { readonly netdev: string; readonly index: number },
  settings: VfPortSettings,
): Promise<void> {
  const argv = ipVfSettingsSet(vf.netdev, vf.index, settings);
  const result = await host.run({ argv });
  if (result.exitCode !== 0) throw linkError(vf.netdev, argv, result);
}
