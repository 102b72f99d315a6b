import type { Command } from "commander";
import { parseRateLimit } from "../../input/bit-rate.ts";
import { parseInteger, parsePool } from "../../input/pairs.ts";
import { UsageError } from "../../usage-error.ts";

export interface NetworkSpecOptions {
  readonly file?: string;
  readonly bridge?: string;
  readonly subnet?: string;
  readonly ips?: string;
  readonly macs?: string;
  readonly vlan?: string;
  readonly mtu?: string;
  readonly antiSpoof?: string;
  readonly sendLimit?: string;
  readonly receiveLimit?: string;
}

export function addNetworkSpecOptions(command: Command): void {
  command
    .option("-f, --file <file>", "spec in YAML or JSON, - for standard input; flags override it")
    .option("--bridge <name>", "OVS bridge that carries it on every host")
    .option("--subnet <cidr>", "such as 192.168.101.0/24")
    .option("--ips <first-last>", "addresses for VMs")
    .option("--macs <first-last>", "MAC addresses for VMs; 52:54:00:00:00:00-52:54:00:00:ff:ff")
    .option("--vlan <id>", "access VLAN of VMs' ports, 1 to 4094; none: untagged")
    .option("--mtu <bytes>", "68 to 9216; 1500 unless told")
    .option("--anti-spoof <on|off>", "let VMs send with their own MAC and address only")
    .option("--send-limit <rate[/burst]>", "what a VM's NIC may send, such as 10G/50M bits; none")
    .option("--receive-limit <rate[/burst]>", "what a VM's NIC may receive; none");
}

const NONE = "none";

function parseSwitch(text: string): boolean {
  if (text === "on" || text === "off") return text === "on";
  throw new UsageError(`"${text}" is neither on nor off`);
}

/** How each flag reads, and the path in an update mask that it stands for. */
const FLAGS: Readonly<
  Record<
    Exclude<keyof NetworkSpecOptions, "file">,
    { readonly member: string; readonly path: string; readonly read: (text: string) => unknown }
  >
> = {
  bridge: { member: "bridge", path: "spec.bridge", read: (text) => text },
  subnet: { member: "subnet", path: "spec.subnet", read: (text) => text },
  ips: { member: "ipPool", path: "spec.ip_pool", read: parsePool },
  macs: { member: "macPool", path: "spec.mac_pool", read: parsePool },
  vlan: {
    member: "vlan",
    path: "spec.vlan",
    read: (text) => (text === NONE ? 0 : parseInteger(text)),
  },
  mtu: { member: "mtuBytes", path: "spec.mtu_bytes", read: parseInteger },
  antiSpoof: { member: "antiSpoof", path: "spec.anti_spoof", read: parseSwitch },
  sendLimit: { member: "sendLimit", path: "spec.send_limit", read: readLimit },
  receiveLimit: { member: "receiveLimit", path: "spec.receive_limit", read: readLimit },
};

function readLimit(text: string): unknown {
  return text === NONE ? undefined : parseRateLimit(text);
}

const givenFlags = (options: NetworkSpecOptions) =>
  Object.entries(FLAGS).flatMap(([option, flag]) => {
    const text = options[option as keyof typeof FLAGS];
    return text === undefined ? [] : [{ ...flag, text }];
  });

/** @throws UsageError */
export const networkSpecOfFlags = (options: NetworkSpecOptions): Record<string, unknown> =>
  Object.fromEntries(
    givenFlags(options)
      .map(({ member, read, text }) => [member, read(text)] as const)
      .filter(([, value]) => value !== undefined),
  );

/** Paths of an update mask for the flags that were given. */
export const networkMaskOfFlags = (options: NetworkSpecOptions): readonly string[] =>
  givenFlags(options).map(({ path }) => path);
