import assert from "node:assert/strict";
import type { CommandResult, Host } from "@switchyard/host";
import {
  devlinkEswitchSet,
  ipLinkSet,
  modprobe,
  ovsAddBridge,
  ovsAddPort,
  ovsCtlStart,
  qemuVm,
  vdpaDevAdd,
  vmPaths,
} from "@switchyard/model";

/** The first PF, with the names that its VFs and representors get on an untouched machine. */
export const PF = "0000:82:00.0";
export const UPLINK = "enp130s0f0np0";
export const NUM_VFS = `/sys/bus/pci/devices/${PF}/sriov_numvfs`;
export const MACS = ["52:54:00:cb:45:11", "52:54:00:cb:45:22"] as const;

/** Runs a command line without quotes in it. */
export const tryRun = (host: Host, line: string): Promise<CommandResult> =>
  host.run({ argv: line.split(" ") as [string, ...string[]] });

/** Runs what must succeed and gives its output. */
export async function run(host: Host, argv: string | readonly string[]): Promise<string> {
  const words = typeof argv === "string" ? argv.split(" ") : argv;
  const result = await host.run({ argv: words as readonly [string, ...string[]] });
  assert.equal(result.exitCode, 0, `${words.join(" ")}: ${result.stderr}`);
  return result.stdout;
}

export const runJson = async (host: Host, line: string): Promise<Record<string, unknown>> =>
  JSON.parse(await run(host, line)) as Record<string, unknown>;

/** Modules, switchdev mode and VFs. */
export async function makeVfs(host: Host, count: number): Promise<void> {
  await run(host, modprobe("vhost_vdpa"));
  await run(host, modprobe("mlx5_vdpa"));
  await run(host, devlinkEswitchSet(`pci/${PF}`, "switchdev"));
  await host.writeFile(NUM_VFS, String(count));
}

/** One vDPA device per MAC, on the VFs in order. */
export async function addVdpa(host: Host, macs: readonly string[]): Promise<void> {
  for (const [index, mac] of macs.entries()) {
    const mgmtdev = `pci/0000:82:00.${2 + index}`;
    await run(host, vdpaDevAdd({ name: `vdpa${index}`, mgmtdev, mac, maxVqp: 16 }));
  }
}

/** OVS with a bridge that holds the uplink and every representor, all up. */
export async function wireBridge(host: Host, representors: readonly string[]): Promise<void> {
  await run(host, ovsCtlStart());
  await run(host, ovsAddBridge("cxbr0"));
  for (const port of [UPLINK, ...representors]) {
    await run(host, ovsAddPort("cxbr0", port));
    await run(host, ipLinkSet(port, "up"));
  }
  await run(host, ipLinkSet("cxbr0", "up"));
}

/** The whole host side of the seed procedure. */
export async function prepare(host: Host, macs: readonly string[]): Promise<void> {
  await makeVfs(host, macs.length);
  await addVdpa(host, macs);
  await wireBridge(
    host,
    macs.map((_, index) => `eth${index}`),
  );
}

const GIB = 1024 ** 3;

export const qemuArgv = (vm: string, index: number, mac: string) =>
  qemuVm({
    vm,
    accelerator: "kvm",
    vcpuCount: 16,
    memoryBytes: 32 * GIB,
    boot: {
      kind: "disk",
      path: `/root/downloads/rocky9-vhost-vdpa-${index}.qcow2`,
      format: "qcow2",
    },
    nics: [{ kind: "vdpa", vhostPath: `/dev/vhost-vdpa-${index}`, queuePairs: 16, mac }],
    hasGuestAgent: true,
  });

export async function startVm(host: Host, vm: string, index: number, mac?: string): Promise<void> {
  await host.makeFolder(vmPaths(vm).folder);
  await run(host, qemuArgv(vm, index, mac ?? (MACS[index] as string)));
}
