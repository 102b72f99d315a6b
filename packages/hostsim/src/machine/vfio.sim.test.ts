import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bindPciDriver, startQemu, writeVfCount } from "@switchyard/host";
import { parsePciAddress, type QemuOptions } from "@switchyard/model";
import { createSimHost } from "../fleet.ts";
import type { SimHost } from "../sim-host.ts";
import { NUM_VFS, run } from "../testing/seed-procedure.ts";

const [FIRST, SECOND] = ["0000:82:00.2", "0000:82:00.3"].map(parsePciAddress) as [
  ReturnType<typeof parsePciAddress>,
  ReturnType<typeof parsePciAddress>,
];
const GIB = 1024 ** 3;

const qemu = (vm: string, pciAddress: string, change: Partial<QemuOptions> = {}): QemuOptions => ({
  vm,
  accelerator: "kvm",
  vcpuCount: 4,
  memoryBytes: 4 * GIB,
  boot: { kind: "disk", path: `/root/downloads/rocky9-vhost-vdpa-0.qcow2`, format: "qcow2" },
  nics: [{ kind: "sriov", pciAddress }],
  hasGuestAgent: true,
  ...change,
});

async function hostWithVfs(...bound: readonly (typeof FIRST)[]): Promise<SimHost> {
  const host = createSimHost({ name: "h1" });
  await run(host, "modprobe vfio-pci");
  await writeVfCount(host, NUM_VFS, 2);
  for (const vf of bound) await bindPciDriver(host, vf, "vfio-pci");
  return host;
}

async function refusalOf(host: SimHost, options: QemuOptions): Promise<[string, string]> {
  try {
    await startQemu(host, options);
  } catch (error) {
    const { metadata = {} } = error as { readonly metadata?: Readonly<Record<string, string>> };
    return [metadata["stderr"] ?? "", metadata["cause"] ?? ""];
  }
  throw new Error("QEMU started");
}

describe("QEMU that is given a VF", () => {
  it("says that there is none, and that is known as the cause", async () => {
    const host = await hostWithVfs(FIRST);
    const [text, cause] = await refusalOf(host, qemu("vm-0", "0000:82:01.7"));
    assert.match(
      text,
      /vfio \/sys\/bus\/pci\/devices\/0000:82:01\.7: no such host device: No such file or directory/,
    );
    assert.equal(cause, "the VF is gone");
  });

  it("finds no group without an IOMMU", async () => {
    const host = createSimHost({ name: "h1", overrides: { hasIommu: false } });
    await writeVfCount(host, NUM_VFS, 2);
    const [text, cause] = await refusalOf(host, qemu("vm-0", FIRST));
    assert.match(text, /vfio 0000:82:00\.2: no iommu_group found: No such file or directory/);
    assert.equal(cause, "the host runs without an IOMMU");
  });

  it("finds no file of a group that vfio has nothing of", async () => {
    const [text, cause] = await refusalOf(await hostWithVfs(), qemu("vm-0", FIRST));
    assert.match(text, /failed to open \/dev\/vfio\/46: No such file or directory/);
    assert.equal(cause, "no vfio driver has the VF");
  });

  it("is refused a VF that another VM has", async () => {
    const host = await hostWithVfs(FIRST, SECOND);
    await startQemu(host, qemu("vm-0", FIRST));
    const boot = {
      kind: "disk",
      path: "/root/downloads/rocky9-vhost-vdpa-1.qcow2",
      format: "qcow2",
    };
    const [text, cause] = await refusalOf(host, qemu("vm-1", FIRST, { boot } as never));
    assert.match(text, /failed to open \/dev\/vfio\/46: Device or resource busy/);
    assert.equal(cause, "another process has the VF");
  });

  it("may lock no more than it was allowed", async () => {
    const host = await hostWithVfs(FIRST);
    const argv = ["prlimit", "--memlock=65536", "--", "qemu-system-x86_64", "-m", "4G"];
    const device = ["-device", `vfio-pci,host=${FIRST}`, "-daemonize"];
    const { exitCode, stderr } = await host.run({ argv: [...argv, ...device] as never });
    assert.equal(exitCode, 1);
    assert.match(stderr, /VFIO_MAP_DMA failed: Cannot allocate memory/);
    assert.match(stderr, /vfio_container_dma_map\(.*\) = -12 \(Cannot allocate memory\)/);
  });

  it("needs memory for its guest", async () => {
    const host = await hostWithVfs(FIRST);
    const [text, cause] = await refusalOf(host, qemu("vm-0", FIRST, { memoryBytes: 4096 * GIB }));
    assert.match(text, /cannot set up guest memory 'pc\.ram': Cannot allocate memory/);
    assert.equal(cause, "the host has too little memory");
  });
});
