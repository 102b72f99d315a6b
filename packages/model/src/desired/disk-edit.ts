import type { Ipv4Cidr } from "../values/ipv4.ts";
import type { MacAddress } from "../values/mac-address.ts";

/** What is written into a VM's disk before its first start, for guests without cloud-init. */
export interface DiskEdit {
  readonly hostname: string;
  /** Lines of root's authorized_keys(5). */
  readonly sshKeys: readonly string[];
  /** For development only: whoever reaches a console is root. */
  readonly hasEmptyRootPassword: boolean;
  readonly nics: readonly { readonly mac: MacAddress; readonly address: Ipv4Cidr }[];
}

/** What a guest's root file system has of the places that an edit goes by. */
export interface EditableRoot {
  /** shadow(5). */
  readonly shadow: string;
  readonly hasNetworkManager: boolean;
  readonly hasNetworkd: boolean;
  /** The guest labels its files, and new ones must be labelled at its boot. */
  readonly hasSelinux: boolean;
}

/** One file of the guest, by its path in the guest. */
export interface DiskFile {
  readonly path: string;
  readonly text: string;
  /** Permission bits where the file is new; one that is there keeps its own. */
  readonly mode: number;
}

/** Places that are looked for in the guest. */
export const GUEST_PATHS = {
  shadow: "/etc/shadow",
  hostname: "/etc/hostname",
  rootKeys: "/root/.ssh/authorized_keys",
  networkManager: "/etc/NetworkManager/system-connections",
  networkd: "/etc/systemd/network",
  selinux: "/etc/selinux/config",
  relabel: "/.autorelabel",
} as const;

/**
 * The text with an empty password for root, wherever root's line is; undefined where there is none.
 *
 * @see shadow(5): the second field is the password, an empty one asks for none
 */
export function withEmptyRootPassword(shadow: string): string | undefined {
  const lines = shadow.split("\n");
  const at = lines.findIndex((line) => line.startsWith("root:"));
  const fields = lines[at]?.split(":");
  if (fields === undefined) return undefined;
  return lines.with(at, fields.with(1, "").join(":")).join("\n");
}

/** A connection profile by MAC, because the guest chooses the netdev's name. @see nm-settings-keyfile(5) */
const keyfile = (index: number, { mac, address }: DiskEdit["nics"][number]): string =>
  [
    "[connection]",
    `id=switchyard-nic${index}`,
    "type=ethernet",
    "[ethernet]",
    `mac-address=${mac}`,
    "[ipv4]",
    "method=manual",
    `address1=${address}`,
    "[ipv6]",
    "method=link-local",
    "",
  ].join("\n");

/** @see systemd.network(5) */
const networkFile = ({ mac, address }: DiskEdit["nics"][number]): string =>
  ["[Match]", `MACAddress=${mac}`, "[Network]", `Address=${address}`, ""].join("\n");

function networkFiles({ nics }: DiskEdit, root: EditableRoot): readonly DiskFile[] {
  if (root.hasNetworkManager) {
    return nics.map((nic, index) => ({
      path: `${GUEST_PATHS.networkManager}/switchyard-nic${index}.nmconnection`,
      text: keyfile(index, nic),
      mode: 0o600,
    }));
  }
  if (!root.hasNetworkd) return [];
  return nics.map((nic, index) => ({
    path: `${GUEST_PATHS.networkd}/10-switchyard-nic${index}.network`,
    text: networkFile(nic),
    mode: 0o644,
  }));
}

/** The files that an edit writes, in the order in which it does. Writing them twice changes nothing. */
export function diskFiles(edit: DiskEdit, root: EditableRoot): readonly DiskFile[] {
  const shadow = edit.hasEmptyRootPassword ? withEmptyRootPassword(root.shadow) : undefined;
  return [
    { path: GUEST_PATHS.hostname, text: `${edit.hostname}\n`, mode: 0o644 },
    ...(shadow === undefined ? [] : [{ path: GUEST_PATHS.shadow, text: shadow, mode: 0o600 }]),
    ...(edit.sshKeys.length === 0
      ? []
      : [{ path: GUEST_PATHS.rootKeys, text: `${edit.sshKeys.join("\n")}\n`, mode: 0o600 }]),
    ...networkFiles(edit, root),
    ...(root.hasSelinux ? [{ path: GUEST_PATHS.relabel, text: "\n", mode: 0o644 }] : []),
  ];
}
