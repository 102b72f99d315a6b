import {
  type Argv,
  type BondMode,
  ipAddressAdd,
  ipAddressDel,
  ipBondAdd,
  ipLinkAlias,
  ipLinkDel,
  ipLinkMaster,
  ipLinkNoMaster,
  ipLinkSet,
  ipVfMacSet,
} from "@switchyard/model";
import type { CommandResult, Host } from "../../port/host.ts";
import { parseNetlinkAnswer } from "../netlink.ts";
import { hostError, readJson, readOptional, runJson } from "../tool.ts";
import { ipAddressShow, ipDefaultRoutes, ipLinkShow, ipRouteGet } from "./commands.ts";
import {
  type DefaultRoute,
  type LinkDetail,
  parseDefaultRoutes,
  parseLinks,
  parseRouteNetdevs,
} from "./parse.ts";

/** All netdevs of the host's own network namespace. */
export async function listLinks(host: Host): Promise<readonly LinkDetail[]> {
  return parseLinks(await runJson(host, ipLinkShow()), await runJson(host, ipAddressShow()));
}

/** Bit of `/sys/class/net/X/flags`. @see torvalds/linux include/uapi/linux/if.h */
const IFF_UP = 0x1;

/** Whether a netdev is administratively up; undefined when there is none. Starts no program. */
export async function readLinkState(host: Host, netdev: string): Promise<boolean | undefined> {
  const flags = await readOptional(host, `/sys/class/net/${netdev}/flags`);
  return flags === undefined ? undefined : (Number(flags) & IFF_UP) !== 0;
}

/**
 * Sets a netdev administratively up or down; may run twice.
 *
 * @throws HostError DEVICE_ABSENT, LINK_CHANGE_FAILED
 */
export async function setLinkState(host: Host, netdev: string, isUp: boolean): Promise<void> {
  const argv = ipLinkSet(netdev, isUp ? "up" : "down");
  const result = await host.run({ argv });
  if (result.exitCode !== 0) throw linkError(netdev, argv, result);
}

/**
 * Sets the MAC of a VF through its PF; zeros clear it. May run twice.
 *
 * @param vf.netdev netdev of the PF
 * @throws HostError DEVICE_ABSENT, LINK_CHANGE_FAILED (EINVAL: no such VF, or a multicast address)
 */
export async function setVfMac(
  host: Host,
  vf: { readonly netdev: string; readonly index: number; readonly mac: string },
): Promise<void> {
  const argv = ipVfMacSet(vf.netdev, vf.index, vf.mac);
  const result = await host.run({ argv });
  if (result.exitCode !== 0) throw linkError(vf.netdev, argv, result);
}

/**
 * Adds an address; one that is there is success.
 *
 * @throws HostError DEVICE_ABSENT, LINK_CHANGE_FAILED
 */
export async function addAddress(host: Host, netdev: string, cidr: string): Promise<void> {
  const argv = ipAddressAdd(netdev, cidr);
  const result = await host.run({ argv });
  if (result.exitCode === 0) return;
  const { text, errno } = parseNetlinkAnswer(result.stderr);
  if (errno === "EEXIST" || text?.includes("Address already assigned")) return;
  throw linkError(netdev, argv, result);
}

/**
 * Removes an address; one that is gone, or whose netdev is, is success.
 *
 * @throws HostError LINK_CHANGE_FAILED
 */
export async function removeAddress(host: Host, netdev: string, cidr: string): Promise<void> {
  const argv = ipAddressDel(netdev, cidr);
  const result = await host.run({ argv });
  if (result.exitCode === 0 || isNetdevAbsent(result)) return;
  const { text, errno } = parseNetlinkAnswer(result.stderr);
  if (errno === "EADDRNOTAVAIL" || text?.includes("Address not found")) return;
  throw linkError(netdev, argv, result);
}

/** Runs a change of a bond. @throws HostError DEVICE_ABSENT, BOND_CHANGE_FAILED */
async function changeBond(host: Host, netdev: string, argv: Argv): Promise<CommandResult> {
  const result = await host.run({ argv });
  if (result.exitCode === 0 || isNetdevAbsent(result)) return result;
  const message = `the kernel refused a change of bond ${netdev}`;
  throw hostError({ reason: "BOND_CHANGE_FAILED", message, argv, result });
}

/**
 * Makes a bond without ports and leaves a text on it; without the text it is not left behind, as nobody would
 * know whose it is. The kernel takes no text with the making itself.
 *
 * @throws HostError BOND_CHANGE_FAILED (EEXIST: there is a netdev of this name)
 */
export async function addBond(
  host: Host,
  bond: { readonly name: string; readonly mode: BondMode; readonly alias: string },
): Promise<void> {
  await changeBond(host, bond.name, ipBondAdd(bond.name, bond.mode));
  try {
    await changeBond(host, bond.name, ipLinkAlias(bond.name, bond.alias));
  } catch (error) {
    // What failed first is the answer; a bond that stays is told by the next look.
    await deleteBond(host, bond.name).catch(() => undefined);
    throw error;
  }
}

/** Deletes a bond; its ports stay, down. One that is gone is success. @throws HostError BOND_CHANGE_FAILED */
export async function deleteBond(host: Host, name: string): Promise<void> {
  await changeBond(host, name, ipLinkDel(name));
}

/**
 * Sets a netdev down, as the kernel wants it, and joins it with a bond, which brings it up. May run twice.
 *
 * @throws HostError DEVICE_ABSENT, LINK_CHANGE_FAILED, BOND_CHANGE_FAILED
 * @see torvalds/linux drivers/net/bonding/bond_main.c, bond_enslave
 */
export async function joinBond(host: Host, netdev: string, bond: string): Promise<void> {
  await setLinkState(host, netdev, false);
  const argv = ipLinkMaster(netdev, bond);
  const result = await changeBond(host, bond, argv);
  if (result.exitCode !== 0) throw linkError(netdev, argv, result);
}

/** Takes a netdev out of its bond; out already, or gone, is success. @throws HostError BOND_CHANGE_FAILED */
export async function leaveBond(host: Host, netdev: string): Promise<void> {
  await changeBond(host, netdev, ipLinkNoMaster(netdev));
}

/** @see iproute2/iproute2 lib/utils.c, nodev */
const isNetdevAbsent = (result: CommandResult): boolean =>
  result.stderr.includes("Cannot find device") ||
  parseNetlinkAnswer(result.stderr).errno === "ENODEV";

/** What the kernel said to a change of a link. */
export const linkError = (netdev: string, argv: Argv, result: CommandResult) =>
  isNetdevAbsent(result)
    ? hostError({ reason: "DEVICE_ABSENT", message: `there is no netdev ${netdev}`, argv, result })
    : hostError({
        reason: "LINK_CHANGE_FAILED",
        message: `the kernel refused a change of ${netdev}`,
        argv,
        result,
      });

/** Netdevs that hold a default route of IPv4 or IPv6. A kernel without IPv6 has none of the second. */
export async function readDefaultRouteNetdevs(host: Host): Promise<readonly string[]> {
  const ipv4 = parseRouteNetdevs(await runJson(host, ipDefaultRoutes("-4")));
  const argv = ipDefaultRoutes("-6");
  const result = await host.run({ argv });
  const ipv6 = result.exitCode === 0 ? parseRouteNetdevs(readJson(argv, result)) : [];
  return [...new Set([...ipv4, ...ipv6])];
}

/** Default routes of IPv4. @throws CommandError COMMAND_FAILED, COMMAND_OUTPUT_UNREADABLE */
export const findDefaultRoutes = async (host: Host): Promise<readonly DefaultRoute[]> =>
  parseDefaultRoutes(await runJson(host, ipDefaultRoutes("-4")));

/** Netdev through which the kernel would reach an address; undefined when there is no route. */
export async function findRouteNetdev(host: Host, address: string): Promise<string | undefined> {
  const argv = ipRouteGet(address);
  const result = await host.run({ argv });
  return result.exitCode === 0 ? parseRouteNetdevs(readJson(argv, result))[0] : undefined;
}
