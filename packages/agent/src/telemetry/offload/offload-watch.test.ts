import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import type { DatapathFlow } from "@switchyard/host";
import { createScriptedHost } from "@switchyard/host";
import type { Inventory } from "@switchyard/model";
import { ManualClock } from "@switchyard/runtime";
import { readInventory } from "../../inventory/read-inventory.ts";
import { R740 } from "../../inventory/testing/r740.ts";
import { createOffloadWatch } from "./offload-watch.ts";

const UPLINK = "enp130s0f0np0";
let inventory: Inventory;

beforeEach(async () => {
  const host = createScriptedHost(R740);
  const clock = new ManualClock(0);
  const read = await readInventory({ host, clock, agentVersion: "0.1.0", nicProfiles: [] });
  inventory = withOffload(read, true);
});

const withOffload = (of: Inventory, hwOffload: boolean): Inventory => ({
  ...of,
  ovs: { version: "3.1.0", isRunning: true, hwOffload, isRestartPending: false, bridges: [] },
});

const flow = (packets: number, place: DatapathFlow["place"], inPort = "eth4"): DatapathFlow => ({
  ufid: `${inPort}-1`,
  ...{ inPort, actions: UPLINK, place, packets, bytes: packets * 100 },
  isOffloaded: place === "card",
});

describe("the watch over offload", () => {
  it("proves by the first flow that the card carries, and keeps when that was", () => {
    const watch = createOffloadWatch();
    watch.look({ inventory, atMs: 10, flows: [flow(5, "tc-software")] });
    assert.equal(watch.proof(), undefined);
    watch.look({ inventory, atMs: 20, flows: [flow(5, "card")] });
    watch.look({ inventory, atMs: 30, flows: [flow(9, "card")] });
    assert.deepEqual(watch.proof(), { atMs: 20, inPort: "eth4", outPort: UPLINK });
    watch.look({ inventory, atMs: 40, flows: [] });
    assert.equal(watch.proof()?.atMs, 20);
  });

  it("takes neither a flow without packets nor one of other ports for a proof", () => {
    const watch = createOffloadWatch();
    watch.look({ inventory, atMs: 10, flows: [flow(0, "card"), flow(7, "card", "tap3")] });
    assert.equal(watch.proof(), undefined);
  });

  it("drops the proof with hw-offload, with a change of the switch and with Open vSwitch", () => {
    const watch = createOffloadWatch();
    const prove = () => watch.look({ inventory, atMs: 10, flows: [flow(5, "card")] });
    prove();
    watch.look({ inventory: withOffload(inventory, false), atMs: 20, flows: [flow(5, "card")] });
    assert.equal(watch.proof(), undefined);
    prove();
    const [nic] = inventory.nics;
    assert.ok(nic);
    const pfs = nic.pfs.map((pf) => ({ ...pf, vfCount: 1 }));
    watch.look({ inventory: { ...inventory, nics: [{ ...nic, pfs }] }, atMs: 30, flows: [] });
    assert.equal(watch.proof(), undefined);
    prove();
    watch.forget();
    assert.equal(watch.proof(), undefined);
  });

  it("tells the share of packets that the card carried between two looks", () => {
    const watch = createOffloadWatch();
    const look = (card: number, software: number) => {
      const flows = [flow(card, "card"), flow(software, "kernel", "eth2")];
      watch.look({ inventory, atMs: 10, flows });
      return watch.share();
    };
    assert.equal(look(100, 100), undefined);
    assert.equal(look(190, 110), 0.9);
    assert.equal(look(190, 110), undefined);
  });
});
