import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Network } from "@switchyard/client";
import { prepareFleet } from "./prepared-hosts.ts";
import { networkOf, vmOf } from "./records.ts";
import { refusedWith } from "./refusal.ts";
import { startWorld, type World } from "./world.ts";

describe("networks over the API", () => {
  let world: World;

  const update = (name: string, spec: object, updateMask: string[], etag = "") =>
    world.client.networks.updateNetwork({
      network: Network.fromPartial({ name: `networks/${name}`, etag, spec }),
      updateMask,
    });
  const create = (networkId: string, spec: object = {}) =>
    world.client.networks.createNetwork({
      networkId,
      network: Network.fromPartial({ spec: { ...networkOf().spec, ...spec } }),
    });

  before(async () => {
    world = await startWorld();
    await prepareFleet(world, ["r740-01"]);
  });
  after(() => world.stop());

  it("keeps what a spec says, and changes only what the mask names", async () => {
    const limit = { bitsPerSecond: 10_000_000_000n, burstBits: 100_000_000n };
    const created = await create("masked", { vlan: 40, mtuBytes: 9000, sendLimit: limit });
    assert.deepEqual(created.spec?.sendLimit, limit);
    const updated = await update("masked", { antiSpoof: true, vlan: 7 }, ["spec.anti_spoof"]);
    assert.deepEqual(updated.spec, { ...created.spec, antiSpoof: true });
    const without = await update("masked", {}, ["spec.send_limit", "spec.vlan"]);
    assert.deepEqual([without.spec?.sendLimit, without.spec?.vlan], [undefined, 0]);
    await refusedWith("ETAG_STALE", "ABORTED", update("masked", {}, ["spec.vlan"], created.etag));
  });

  it("refuses a mask of unknown fields, and a spec that would come out wrong", async () => {
    const unknown = await refusedWith(
      "FIELD_INVALID",
      "INVALID_ARGUMENT",
      update("masked", {}, ["spec.colour", "etag"]),
    );
    assert.deepEqual(
      unknown.fieldViolations.map(({ field }) => field),
      ["update_mask", "update_mask"],
    );
    const moved = await refusedWith(
      "FIELD_INVALID",
      "INVALID_ARGUMENT",
      update("masked", { subnet: "10.0.0.0/24" }, ["spec.subnet"]),
    );
    assert.equal(moved.fieldViolations[0]?.field, "network.spec.ip_pool.first");
    await refusedWith("NETWORK_NOT_FOUND", "NOT_FOUND", update("none", {}, ["spec.vlan"]));
  });

  it("names the VMs for whose sake a network can't change, and lets its reservations change", async () => {
    await create("busy", { subnet: "192.168.101.0/24" });
    const vm = await world.client.vms.createVm({
      vmId: "web-1",
      vm: vmOf({ network: "networks/busy" }),
    });
    assert.ok(vm);
    const refused = await refusedWith(
      "RESOURCE_IN_USE",
      "FAILED_PRECONDITION",
      update("busy", { vlan: 9, mtuBytes: 9000 }, ["spec.vlan", "spec.mtu_bytes"]),
    );
    assert.equal(refused.metadata["found"], "vms/web-1");
    assert.match(refused.message, /mtu_bytes, vlan of network busy can't change now/);
    const reservations = [{ address: "192.168.101.21", vm: "vms/web-2" }];
    const kept = await update("busy", { reservations }, ["spec.reservations"]);
    assert.deepEqual(kept.spec?.reservations, reservations);
    const held = await refusedWith(
      "IP_TAKEN",
      "ALREADY_EXISTS",
      update("busy", { reservations: [{ address: "192.168.101.20" }] }, ["spec.reservations"]),
    );
    assert.equal(held.metadata["found"], "vms/web-1");
  });
});
