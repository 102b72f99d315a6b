import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSimHost } from "@switchyard/hostsim";
import { seededRandom, systemClock } from "@switchyard/runtime";
import { hostReaders } from "../inventory/host-readers.ts";
import { createTopology } from "./topology.ts";

/** A topology over a simulated host with VFs, and how often each way of reading was used. */
async function topologyWithVfs() {
  const host = createSimHost({ name: "r740-01", clock: systemClock, random: seededRandom(1) });
  const read = hostReaders({ host, clock: systemClock, agentVersion: "1", nicProfiles: [] });
  const pf = (await read.devices()).nics.flatMap(({ pfs }) => pfs)[0];
  assert.ok(pf !== undefined);
  await host.writeFile(pf.numVfsPath, "2");
  const reads = { inventory: 0, devices: 0 };
  const topology = createTopology({
    inventory: () => {
      reads.inventory += 1;
      return read.inventory();
    },
    devices: () => {
      reads.devices += 1;
      return read.devices();
    },
  });
  return { topology, reads, vf: { pf: pf.pciAddress, index: 1 } };
}

describe("a job's topology", () => {
  it("takes the devices from the inventory that the job was planned on", async () => {
    const { topology, reads, vf } = await topologyWithVfs();
    await topology.inventory();
    assert.ok((await topology.current()).nics.length > 0);
    assert.notEqual(topology.knownVfAddress(vf), undefined);
    assert.deepEqual(reads, { inventory: 1, devices: 0 });
  });

  it("keeps the addresses of VFs that got other drivers, and reads everything else anew", async () => {
    const { topology, reads, vf } = await topologyWithVfs();
    await topology.current();
    const address = topology.knownVfAddress(vf);
    topology.forget("drivers");
    assert.equal(topology.knownVfAddress(vf), address);
    assert.notEqual(address, undefined);
    assert.deepEqual(reads, { inventory: 0, devices: 1 });
    await topology.current();
    assert.deepEqual(reads, { inventory: 0, devices: 2 });
  });

  it("knows no VF any more once devices were moved", async () => {
    const { topology, vf } = await topologyWithVfs();
    await topology.current();
    topology.forget();
    assert.equal(topology.knownVfAddress(vf), undefined);
  });
});

describe("devices", () => {
  it("are the same as in an inventory, but that every port counts as carrying the management path", async () => {
    const host = createSimHost({ name: "r740-01", clock: systemClock, random: seededRandom(1) });
    const read = hostReaders({ host, clock: systemClock, agentVersion: "1", nicProfiles: [] });
    const [devices, inventory] = [await read.devices(), await read.inventory()];
    assert.deepEqual(devices.modules, inventory.modules);
    const pfs = devices.nics.flatMap((nic) => nic.pfs);
    assert.ok(pfs.length > 0 && pfs.every(({ carriesManagement }) => carriesManagement));
    const compared = (nics: typeof inventory.nics) =>
      nics.map(({ vfioDrivers: _, ...nic }) => ({
        ...nic,
        pfs: nic.pfs.map(({ carriesManagement: __, ...pf }) => pf),
      }));
    assert.deepEqual(compared(devices.nics), compared(inventory.nics));
  });
});
