import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parsePciAddress } from "@switchyard/model";
import { createScriptedHost, type ScriptedHost } from "../../testing/scripted-host.ts";
import {
  bindPciDriver,
  findEthernetPfs,
  listNetworkFunctions,
  listVfAddresses,
  readPciDriver,
  readPciFunction,
  readVfCount,
  restorePciDriver,
  writeVfCount,
} from "./pci.ts";

const PF = parsePciAddress("0000:82:00.0");
const VF = parsePciAddress("0000:82:00.2");
const DEVICES = "/sys/bus/pci/devices";
const NUM_VFS = `${DEVICES}/${PF}/sriov_numvfs`;
const DRIVERS = "../../../../bus/pci/drivers";

/** A ConnectX-6 Dx PF with two VFs, and a NIC of another make. */
const FILES = {
  [`${DEVICES}/${PF}/vendor`]: "0x15b3\n",
  [`${DEVICES}/${PF}/device`]: "0x101d\n",
  [`${DEVICES}/${PF}/class`]: "0x020000\n",
  [`${DEVICES}/${PF}/sriov_totalvfs`]: "8\n",
  [`${DEVICES}/${PF}/sriov_offset`]: "2\n",
  [`${DEVICES}/${PF}/sriov_stride`]: "1\n",
  [`${DEVICES}/${PF}/numa_node`]: "1\n",
  [`${DEVICES}/${PF}/current_link_speed`]: "8.0 GT/s PCIe\n",
  [`${DEVICES}/${PF}/current_link_width`]: "16\n",
  [`${DEVICES}/${PF}/max_link_speed`]: "16.0 GT/s PCIe\n",
  [`${DEVICES}/${PF}/max_link_width`]: "16\n",
  [`${DEVICES}/${PF}/net/enp130s0f0np0/mtu`]: "1500\n",
  [NUM_VFS]: "2\n",
  [`${DEVICES}/${VF}/vendor`]: "0x15b3\n",
  [`${DEVICES}/${VF}/class`]: "0x020000\n",
  "/sys/bus/pci/drivers/vfio-pci/bind": "",
};
const LINKS = {
  [`${DEVICES}/${PF}/driver`]: `${DRIVERS}/mlx5_core`,
  [`${DEVICES}/${PF}/virtfn10`]: "../0000:82:01.4",
  [`${DEVICES}/${PF}/virtfn9`]: "../0000:82:01.3",
  [`${DEVICES}/${VF}/driver`]: `${DRIVERS}/mlx5_core`,
  [`${DEVICES}/${VF}/physfn`]: "../0000:82:00.0",
  [`${DEVICES}/${VF}/iommu_group`]: "../../../../kernel/iommu_groups/42",
  [`${DEVICES}/10000:e1:00.0/driver`]: `${DRIVERS}/nvme`,
  [`${DEVICES}/0000:19:00.0/driver`]: `${DRIVERS}/tg3`,
};

describe("readPciFunction", () => {
  it("reads what placement and SR-IOV need", async () => {
    const pf = await readPciFunction(createScriptedHost({ files: FILES, links: LINKS }), PF);
    assert.deepEqual(pf, {
      address: PF,
      vendorId: "0x15b3",
      deviceId: "0x101d",
      driver: "mlx5_core",
      physicalFunction: undefined,
      totalVfs: 8,
      sriov: { offset: 2, stride: 1 },
      numaNode: 1,
      pciLink: { speedGtps: 8, width: 16, maxSpeedGtps: 16, maxWidth: 16 },
      iommuGroup: undefined,
      netdevs: ["enp130s0f0np0"],
    });
  });

  it("knows a VF by its PF and its IOMMU group", async () => {
    const vf = await readPciFunction(createScriptedHost({ files: FILES, links: LINKS }), VF);
    assert.deepEqual([vf.physicalFunction, vf.iommuGroup, vf.totalVfs], [PF, 42, undefined]);
  });

  it("says that the function is not there", async () => {
    await assert.rejects(readPciFunction(createScriptedHost({}), PF), { reason: "DEVICE_ABSENT" });
  });
});

describe("findEthernetPfs", () => {
  it("leaves out VFs, other drivers and functions behind a VMD controller", async () => {
    const host = createScriptedHost({ files: FILES, links: LINKS });
    assert.deepEqual(await findEthernetPfs(host, "mlx5_core"), [PF]);
  });
});

describe("listVfAddresses", () => {
  it("orders by index, which is not the order of names", async () => {
    const host = createScriptedHost({ files: FILES, links: LINKS });
    assert.deepEqual(await listVfAddresses(host, PF), ["0000:82:01.3", "0000:82:01.4"]);
  });
});

describe("listNetworkFunctions", () => {
  it("lists all functions of a vendor, also where no driver is bound", async () => {
    const host = createScriptedHost({ files: FILES, links: LINKS });
    const functions = await listNetworkFunctions(host, "0x15b3");
    assert.deepEqual(
      functions.map(({ pciAddress, isVf }) => [pciAddress, isVf]),
      [
        [PF, false],
        [VF, true],
      ],
    );
    assert.equal(functions[0]?.driver, "mlx5_core");
    const unbound = createScriptedHost({ files: FILES });
    assert.equal((await listNetworkFunctions(unbound, "0x15b3"))[0]?.driver, undefined);
    assert.deepEqual(await listNetworkFunctions(unbound, "0x8087"), []);
  });
});

describe("VF count", () => {
  it("is read and written in one piece", async () => {
    const host = createScriptedHost({ files: FILES });
    assert.equal(await readVfCount(host, NUM_VFS), 2);
    await writeVfCount(host, NUM_VFS, 0);
    assert.deepEqual(host.written, [`${NUM_VFS}=0`]);
  });

  it("gives each errno its reason", async () => {
    const reasons = {
      EBUSY: "DEVICE_BUSY",
      EPERM: "DEVICE_BUSY",
      ERANGE: "VF_COUNT_TOO_LARGE",
      ENOENT: "SRIOV_UNSUPPORTED",
      ENOMEM: "VF_CREATION_FAILED",
      EINVAL: "VF_CREATION_FAILED",
    };
    for (const [errno, reason] of Object.entries(reasons)) {
      const host = createScriptedHost({ writes: { [NUM_VFS]: errno } });
      await assert.rejects(writeVfCount(host, NUM_VFS, 4), { reason });
    }
    await assert.rejects(readVfCount(createScriptedHost({}), NUM_VFS), {
      reason: "SRIOV_UNSUPPORTED",
    });
  });
});

describe("bindPciDriver", () => {
  const override = `${DEVICES}/${VF}/driver_override`;
  const unbind = `${DEVICES}/${VF}/driver/unbind`;
  const probe = "/sys/bus/pci/drivers_probe";
  const boundTo = (driver: string) => (host: ScriptedHost) =>
    void host.links.set(`${DEVICES}/${VF}/driver`, `${DRIVERS}/${driver}`);
  const unbound = (host: ScriptedHost) => void host.links.delete(`${DEVICES}/${VF}/driver`);
  const writes = { [override]: () => undefined, [unbind]: unbound, [probe]: boundTo("vfio-pci") };

  it("overrides, unbinds, probes, and the second time does nothing", async () => {
    const host = createScriptedHost({ files: FILES, links: LINKS, writes });
    await bindPciDriver(host, VF, "vfio-pci");
    await bindPciDriver(host, VF, "vfio-pci");
    assert.deepEqual(host.written, [`${override}=vfio-pci`, `${unbind}=${VF}`, `${probe}=${VF}`]);
  });

  it("touches nothing while the driver is not loaded", async () => {
    const host = createScriptedHost({ files: FILES, links: LINKS, writes });
    await assert.rejects(bindPciDriver(host, VF, "vp-vdpa"), { reason: "MODULE_MISSING" });
    assert.deepEqual(host.written, []);
  });

  it("notices that the driver refused the function", async () => {
    const refused = { ...writes, [probe]: () => undefined };
    const host = createScriptedHost({ files: FILES, links: LINKS, writes: refused });
    await assert.rejects(bindPciDriver(host, VF, "vfio-pci"), { reason: "DEVICE_BUSY" });
  });

  it("passes on that a holder keeps the function", async () => {
    const held = { ...writes, [unbind]: "EBUSY" };
    const host = createScriptedHost({ files: FILES, links: LINKS, writes: held });
    await assert.rejects(bindPciDriver(host, VF, "vfio-pci"), { reason: "DEVICE_BUSY" });
  });
});

describe("restorePciDriver", () => {
  it("binds the driver of before, and clears an override that nobody had set", async () => {
    const override = `${DEVICES}/${VF}/driver_override`;
    const files = {
      ...FILES,
      [override]: "vfio-pci\n",
      "/sys/bus/pci/drivers/mlx5_core/bind": "",
    };
    const links = { ...LINKS, [`${DEVICES}/${VF}/driver`]: `${DRIVERS}/vfio-pci` };
    const host = createScriptedHost({
      files,
      links,
      writes: {
        [override]: () => undefined,
        [`${DEVICES}/${VF}/driver/unbind`]: (self: ScriptedHost) =>
          void self.links.delete(`${DEVICES}/${VF}/driver`),
        "/sys/bus/pci/drivers_probe": (self: ScriptedHost) =>
          void self.links.set(`${DEVICES}/${VF}/driver`, `${DRIVERS}/mlx5_core`),
      },
    });
    await restorePciDriver(host, VF, { driver: "mlx5_core", override: undefined });
    assert.equal(host.written.at(-1), `${override}=\n`);
    assert.equal(await readPciDriver(host, VF), "mlx5_core");
  });

  it("takes a function that is gone for restored", async () => {
    const before = { driver: "mlx5_core", override: undefined };
    await assert.doesNotReject(restorePciDriver(createScriptedHost({}), VF, before));
  });
});
