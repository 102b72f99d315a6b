import type { EnvironmentOfHost, HostId, Inventory, Nic } from "@switchyard/model";

/** Of each card, as the cards come; the same twice is told once. */
const ofNics = (inventory: Inventory, tell: (nic: Nic) => string | undefined): string =>
  [...new Set(inventory.nics.flatMap((nic) => tell(nic) ?? []))].join("; ");

const linkOf = ({ pfs }: Nic): string | undefined => {
  const link = pfs[0]?.pciLink;
  return link && `${link.speedGtps} GT/s x${link.width}`;
};

const driverOf = ({ driver, driverInfo }: Nic): string =>
  [driver, driverInfo?.loaded?.version].filter((part) => part !== undefined).join(" ");

const argumentsOf = ({ system }: Inventory): string => (system?.kernelArguments ?? []).join(" ");

/**
 * What may make a measurement on one host differ from one on another, from its inventory. What is not known is left
 * out, so that it differs from nothing.
 */
export function environmentOf(host: HostId, inventory: Inventory): EnvironmentOfHost {
  const { os, machine, cpu, ovs, bmc } = inventory;
  const facts: Readonly<Record<string, string>> = {
    machine: `${machine.vendor} ${machine.model}`.trim(),
    bios: bmc?.facts?.biosVersion ?? "",
    cpu: `${cpu.modelName}, ${cpu.socketCount} sockets, ${cpu.threadCount} threads`,
    memory: `${Math.round(inventory.memoryBytes / 1024 ** 3)} GiB`,
    accelerator: inventory.accelerator,
    os: os.prettyName,
    kernel: os.kernelRelease,
    "kernel-arguments": argumentsOf(inventory),
    nic: ofNics(inventory, ({ model }) => model),
    psid: ofNics(inventory, ({ psid }) => psid),
    firmware: ofNics(inventory, ({ firmware }) => firmware?.running),
    driver: ofNics(inventory, driverOf),
    "pcie-link": ofNics(inventory, linkOf),
    mtu: ofNics(inventory, ({ pfs }) => pfs[0]?.link.mtu.toString()),
    ovs: ovs?.daemonVersion ?? ovs?.version ?? "",
    qemu: inventory.qemuVersion ?? "",
  };
  const known = Object.entries(facts).filter(([, fact]) => fact !== "");
  return { host, facts: Object.fromEntries(known) };
}
