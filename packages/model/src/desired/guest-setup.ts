import type { DiskEdit } from "./disk-edit.ts";
import { ETHERNET_MTU } from "./network.ts";
import type { AllocatedNic } from "./nic.ts";
import type { VmDesired } from "./vm.ts";

/** Who sets the guest up: cloud-init at its first boot, or the host, which writes into its disk before. */
export type GuestSetupMethod = "cloud-init" | "disk-edit";

/** How a guest is set up before anybody uses it. */
export interface GuestSetup {
  readonly method: GuestSetupMethod;
  /** Account with sudo and the keys; its password is locked. Undefined: the image's own is left as it is. */
  readonly user?: string;
  /** Lines of authorized_keys(5). */
  readonly sshKeys: readonly string[];
  /** NetworkManager leaves the NICs alone, as in the seed procedure; their addresses are then set at every boot. */
  readonly isNicUnmanaged: boolean;
  /** For development only: whoever reaches a console is root. */
  readonly hasEmptyRootPassword: boolean;
}

/** The same by an edit of the disk, which makes no account and leaves network managers their NICs. */
export const diskEditOf = (
  { vm, allocation: { nics } }: Pick<VmDesired, "vm" | "allocation">,
  { sshKeys, hasEmptyRootPassword }: GuestSetup,
): DiskEdit => ({
  hostname: vm,
  sshKeys,
  hasEmptyRootPassword,
  nics: nics.map(({ mac, address }) => ({ mac, address })),
});

export const LIMITS_OF_GUEST_SETUP = {
  sshKeysMax: 32,
  /** An RSA key of 16384 bits has 2800 characters. */
  sshKeyLengthMax: 4096,
} as const;

/** One file of a NoCloud seed. */
export interface SeedFile {
  readonly name: "user-data" | "meta-data" | "network-config";
  readonly text: string;
}

/** JSON is YAML, and leaves nothing to be escaped wrongly. */
const yaml = (value: unknown): string => `${JSON.stringify(value, undefined, 1)}\n`;

/** A file under this name is read by NetworkManager before any connection is made. */
const UNMANAGED_FILE = "/etc/NetworkManager/conf.d/90-switchyard-unmanaged.conf";

interface Nic extends Pick<AllocatedNic, "mac" | "address"> {
  /** Undefined: the guest's own choice, which is 1500. */
  readonly mtu?: number;
}

/** An empty list would make the whole file invalid. @see canonical/cloud-init schema-cloud-config-v1.json, minItems */
const keyParts = ({ sshKeys }: GuestSetup) =>
  sshKeys.length === 0 ? {} : { ssh_authorized_keys: sshKeys };

const userParts = (setup: GuestSetup) =>
  setup.user === undefined
    ? keyParts(setup)
    : {
        users: [
          {
            name: setup.user,
            shell: "/bin/bash",
            sudo: "ALL=(ALL) NOPASSWD:ALL",
            lock_passwd: true,
            ...keyParts(setup),
          },
        ],
      };

/** Runs in the guest's own shell at every boot: the netdev's name is not known before. */
const addressByHand = ({ mac, address, mtu }: Nic): string =>
  [
    "for netdev in /sys/class/net/*; do",
    `if [ "$(cat "$netdev/address")" = "${mac}" ]; then`,
    ...(mtu === undefined ? [] : [`ip link set "\${netdev##*/}" mtu ${mtu};`]),
    `ip address replace ${address} dev "\${netdev##*/}"; ip link set "\${netdev##*/}" up;`,
    "fi; done",
  ].join(" ");

/** @see NetworkManager.conf(5), unmanaged-devices: specifiers are separated by semicolons */
const unmanagedParts = (nics: readonly Nic[]) => ({
  write_files: [
    {
      path: UNMANAGED_FILE,
      content: `[keyfile]\nunmanaged-devices=${nics.map(({ mac }) => `mac:${mac}`).join(";")}\n`,
    },
  ],
  bootcmd: nics.map((nic) => ["sh", "-c", addressByHand(nic)]),
});

/**
 * A NIC bears its entry's name in the guest. Without `set-name` ifupdown's, networkd's and sysconfig's settings
 * are written for a netdev of that name, which is not there: they can't tell a NIC by its MAC alone.
 *
 * @see canonical/cloud-init cloudinit/net/{eni,networkd,sysconfig}.py, 22.4
 */
const ethernet = ({ mac, address, mtu }: Nic, name: string) => ({
  match: { macaddress: mac },
  "set-name": name,
  ...(mtu !== undefined && { mtu }),
  dhcp4: false,
  addresses: [address],
});

const networkConfig = (setup: GuestSetup, nics: readonly Nic[]): unknown =>
  setup.isNicUnmanaged
    ? { config: "disabled" }
    : {
        version: 2,
        ethernets: Object.fromEntries(
          nics.map((nic, at) => [`nic${at}`, ethernet(nic, `nic${at}`)]),
        ),
      };

/** The MTU a guest has to be told of: that of its NIC's network, where it is not what guests have anyway. */
export function guestMtu(
  { portSettings = {} }: Pick<VmDesired, "portSettings">,
  { network }: Pick<AllocatedNic, "network">,
): { readonly mtu?: number } {
  const mtu = portSettings[network]?.mtu ?? ETHERNET_MTU;
  return mtu === ETHERNET_MTU ? {} : { mtu };
}

/**
 * The files of the VM's NoCloud seed. A NIC is told by its MAC, because the guest chooses its name.
 *
 * @see canonical/cloud-init doc/rtd/reference/datasources/nocloud.rst, network-config-format-v2.rst
 */
export function seedFiles(
  vm: Pick<VmDesired, "vm" | "generation" | "allocation" | "portSettings">,
  setup: GuestSetup,
): readonly SeedFile[] {
  const nics = vm.allocation.nics.map((nic) => ({ ...nic, ...guestMtu(vm, nic) }));
  const userData = {
    hostname: vm.vm,
    ssh_pwauth: false,
    ...userParts(setup),
    ...(setup.isNicUnmanaged && unmanagedParts(nics)),
    ...(setup.hasEmptyRootPassword && { runcmd: [["passwd", "-d", "root"]] }),
  };
  const metaData = { "instance-id": `${vm.vm}-${vm.generation}`, "local-hostname": vm.vm };
  return [
    { name: "user-data", text: `#cloud-config\n${yaml(userData)}` },
    { name: "meta-data", text: yaml(metaData) },
    { name: "network-config", text: yaml(networkConfig(setup, nics)) },
  ];
}
