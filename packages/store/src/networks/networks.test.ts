import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  type NetworkSpec,
  parseIpv4Address,
  parseNetworkId,
  parseVmId,
  type StoreError,
} from "@switchyard/model";
import type { HostRecord } from "../hosts/host-record.ts";
import type { Store } from "../store.ts";
import {
  hostWithSlots,
  networkSpec,
  place,
  placementOf,
  specOn,
  startTestStore,
  type TestStore,
  write,
} from "../testing/test-store.ts";

let test: TestStore;
let store: Store;
let host: HostRecord;
before(async () => {
  test = await startTestStore();
  store = test.store;
  host = await hostWithSlots(store, { name: "net-01", count: 8, firstMac: 100 });
});
after(() => test.stop());

const ip = parseIpv4Address;
const vm = parseVmId;

async function create(name: string, change: Partial<NetworkSpec> = {}) {
  const spec = { ...networkSpec("192.168.101.20"), bridge: `br-${name}`, ...change };
  return write(store, (tx) => tx.networks.create({ id: parseNetworkId(name), spec }));
}

let slots = 0;
/** Address of a VM that is placed in the host's next slot. */
async function addressOf(name: string, network: string, change: { address?: string } = {}) {
  const { address } = change;
  const outcome = await place(
    store,
    placementOf(name, host.id, {
      vfIndex: slots,
      spec: specOn(parseNetworkId(network)),
      ...(address !== undefined && { address: ip(address) }),
    }),
  );
  if (outcome.kind !== "placed") throw new Error(`placement was refused: ${outcome.why}`);
  slots += 1;
  return outcome.vm.allocation.nics[0]?.address;
}

const update = (name: string, change: Partial<NetworkSpec>, etag = "") =>
  write(store, async (tx) => {
    const { spec } = await tx.networks.get(parseNetworkId(name));
    return tx.networks.update({ id: parseNetworkId(name), etag, spec: { ...spec, ...change } });
  });

const clear = async (...names: readonly string[]) => {
  for (const name of names) await write(store, (tx) => tx.vms.release(vm(name)));
  slots -= names.length;
};

describe("reserved addresses", () => {
  it("are given to the VM they are for, and to no other", async () => {
    const reservations = [
      { address: ip("192.168.101.10") },
      { address: ip("192.168.101.11"), vm: vm("mine") },
      { address: ip("192.168.101.200"), vm: vm("far") },
    ];
    await create("kept", { reservations });
    assert.equal(await addressOf("other", "kept"), "192.168.101.12/24");
    assert.equal(await addressOf("mine", "kept"), "192.168.101.11/24");
    assert.equal(await addressOf("far", "kept"), "192.168.101.200/24", "outside the pool");
    await assert.rejects(
      addressOf("thief", "kept", { address: "192.168.101.10" }),
      (error: StoreError) => {
        assert.equal(error.reason, "IP_TAKEN");
        assert.equal(error.metadata["found"], "networks/kept, reserved for no VM");
        return true;
      },
    );
    await assert.rejects(
      addressOf("thief", "kept", { address: "192.168.101.11" }),
      (error: StoreError) => {
        assert.equal(error.reason, "IP_TAKEN");
        assert.equal(error.metadata["found"], "vms/mine");
        return true;
      },
    );
    await clear("far", "mine", "other");
  });

  it("can't be what somebody else in the segment has", async () => {
    await create("held");
    await addressOf("holder", "held");
    const address = ip("192.168.101.10");
    await assert.rejects(update("held", { reservations: [{ address }] }), { reason: "IP_TAKEN" });
    const reservations = [{ address, vm: vm("holder") }];
    assert.deepEqual((await update("held", { reservations })).spec.reservations, reservations);
    const rival = create("rival", { bridge: "br-held", reservations: [{ address }] });
    await assert.rejects(rival, { reason: "IP_TAKEN" });
    const elsewhere = await create("elsewhere", {
      ...{ bridge: "br-held", vlan: 7 },
      reservations: [{ address }],
    });
    assert.equal(elsewhere.spec.vlan, 7);
    await clear("holder");
  });
});

describe("two networks of one bridge", () => {
  it("share addresses in one VLAN, and have their own in two", async () => {
    await create("plain", { bridge: "br-shared" });
    await create("same", { bridge: "br-shared" });
    await create("tagged", { bridge: "br-shared", vlan: 40 });
    assert.equal(await addressOf("p", "plain"), "192.168.101.10/24");
    assert.equal(await addressOf("s", "same"), "192.168.101.11/24");
    assert.equal(await addressOf("t", "tagged"), "192.168.101.10/24");
    await clear("t", "s", "p");
  });
});

describe("a network's update", () => {
  it("changes everything while no VM is on it", async () => {
    await create("empty");
    const { spec, etag } = await update("empty", { vlan: 12, mtu: 9000, hasAntiSpoof: true });
    assert.deepEqual([spec.vlan, spec.mtu, spec.hasAntiSpoof], [12, 9000, true]);
    await assert.rejects(update("empty", { mtu: 1500 }, "1"), { reason: "ETAG_STALE" });
    assert.equal((await update("empty", { mtu: 1500 }, etag)).spec.mtu, 1500);
    const [row] = await test.query("SELECT vlan FROM networks WHERE name = 'empty'");
    assert.equal(row?.["vlan"], 12);
  });

  it("names the VMs that keep ports from changing, and lets pools change", async () => {
    await create("busy");
    await addressOf("b", "busy");
    await addressOf("a", "busy");
    const limit = { bitsPerSecond: 1_000_000, burstBits: 1_000_000 };
    await assert.rejects(
      update("busy", { sendLimit: limit, hasAntiSpoof: true }),
      (error: StoreError) => {
        assert.equal(error.reason, "RESOURCE_IN_USE");
        assert.match(error.message, /^anti_spoof, send_limit of network busy/);
        assert.equal(error.metadata["found"], "vms/a, vms/b");
        return true;
      },
    );
    const pool = { first: ip("192.168.101.100"), last: ip("192.168.101.110") };
    await update("busy", { ipPool: pool });
    assert.equal(await addressOf("c", "busy"), "192.168.101.100/24");
    await clear("c", "b", "a");
  });

  it("is refused for a network that is not there", async () => {
    const spec = networkSpec("192.168.101.20");
    const id = parseNetworkId("nowhere");
    await assert.rejects(
      write(store, (tx) => tx.networks.update({ id, etag: "", spec })),
      { reason: "NETWORK_NOT_FOUND" },
    );
  });
});
