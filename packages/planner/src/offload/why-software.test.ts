import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Bond, ExaminedFlow, ExaminedNetdev, Inventory } from "@switchyard/model";
import { healthyInventory } from "../diagnosis/testing/healthy-host.ts";
import { cardPorts, isBetweenCardPorts } from "./card-ports.ts";
import { createSoftwareJudge } from "./why-software.ts";

const inventory = healthyInventory();
const [firstPf, secondPf] = inventory.nics.flatMap((nic) => nic.pfs);
const UPLINK = firstPf?.link.netdev ?? "";
const SECOND = secondPf?.link.netdev ?? "";
const [REP, OTHER_REP] = (firstPf?.vfs ?? []).map(({ representor }) => representor?.netdev ?? "");
const [BRIDGE] = (inventory.ovs?.bridges ?? []).map(({ name }) => name);

const flow = (actions: string, rest: Partial<ExaminedFlow> = {}): ExaminedFlow => ({
  ...{ inPort: REP ?? "", actions, place: "kernel", packets: 500, bytes: 50_000 },
  ...rest,
});
const netdev = (name: string, rest: Partial<ExaminedNetdev>): ExaminedNetdev => ({
  ...{ name, isUp: true, hasCarrier: true, mtu: 1500, hasTcOffload: true },
  ...{ hasIngressQdisc: true, filters: { count: 0, notInHardwareCount: 0 }, ...rest },
});
const withOvs = (rest: Partial<NonNullable<Inventory["ovs"]>>): Inventory => ({
  ...inventory,
  ovs: inventory.ovs && { ...inventory.ovs, ...rest },
});

type Judged = ReturnType<ReturnType<typeof createSoftwareJudge>>;
const judge = (
  of: ExaminedFlow,
  scene: Partial<Parameters<typeof createSoftwareJudge>[0]> = {},
): Judged => createSoftwareJudge({ inventory, examination: {}, ...scene })(of);

describe("why a flow is not in the card", () => {
  it("is the switch itself, as long as offload is not in effect", () => {
    assert.equal(
      judge(flow(UPLINK), { inventory: withOvs({ hwOffload: false }) }).cause,
      "offload-off",
    );
    const pending = withOvs({ isRestartPending: true });
    assert.equal(judge(flow(UPLINK), { inventory: pending }).cause, "restart-pending");
  });

  const cases: readonly (readonly [string, ExaminedFlow, string])[] = [
    ["a flow to the bridge's own port", flow(BRIDGE ?? ""), "internal-port"],
    ["one from it", flow(UPLINK, { inPort: BRIDGE ?? "" }), "internal-port"],
    ["one to several ports", flow(`${UPLINK},${OTHER_REP},${BRIDGE}`), "flood"],
    ["one to a tap", flow("tap7"), "foreign-port"],
    ["one that goes up to vswitchd", flow("userspace(pid=1,slow_path(action))"), "own-handling"],
    ["one that is dropped", flow("drop"), "own-handling"],
    ["a tracked one", flow("ct(commit,zone=5),recirc(0x3)"), "connection-tracking"],
    ["one from wire to wire", flow(SECOND, { inPort: UPLINK }), "both-uplinks"],
    ["one back to where it came from", flow(REP ?? ""), "hairpin"],
    ["one in tc and not in the card", flow(UPLINK, { place: "tc-software" }), "card-refused"],
    ["a new one", flow(UPLINK, { packets: 2 }), "new-flow"],
    ["one that nothing speaks of", flow(UPLINK), "unknown"],
  ];
  for (const [name, of, cause] of cases) {
    it(`of ${name} is ${cause}`, () => assert.equal(judge(of).cause, cause));
  }

  it("looks through what a flow does besides sending", () => {
    const tagged = flow(`push_vlan(vid=5,pcp=0),set(eth(src=52:54:00:00:00:01)),${UPLINK}`);
    assert.equal(judge(tagged).cause, "unknown");
  });

  it("names the port on which something is switched off, also in what to try", () => {
    const off = judge(flow(UPLINK), {
      examination: { netdevs: [netdev(UPLINK, { hasTcOffload: false })] },
    });
    assert.equal(off.cause, "tc-offload-off");
    assert.equal(off.fix, `ethtool -K ${UPLINK} hw-tc-offload on`);
    const bare = judge(flow(UPLINK), {
      examination: { netdevs: [netdev(REP ?? "", { hasIngressQdisc: false })] },
    });
    assert.equal(bare.cause, "no-ingress-qdisc");
  });

  it("tells the words of whoever refused its rule", () => {
    const line = `2026-01-01T00:00:00Z|00042|netdev_offload_tc|ERR|failed to offload flow: No buffer space available: ${REP}`;
    const other = "mlx5_core: devices are not on same switch HW, can't offload forwarding";
    const told = judge(flow(UPLINK), {
      examination: { offloadMessages: [line], kernelMessages: [other] },
    });
    assert.equal(told.cause, "card-refused");
    assert.equal(told.explanation, `the card did not take its rule: ${line}`);
    assert.equal(
      judge(flow(UPLINK), { examination: { kernelMessages: [other] } }).cause,
      "unknown",
    );
  });
});

describe("cardPorts", () => {
  it("has a bond of one card's ports as a port of that card, and no other bond", () => {
    const bond = (name: string, ports: readonly string[]): Bond => ({
      ...{ name, ports, mode: "802.3ad", isOurs: true, isUp: true, hasCarrier: true },
    });
    const bonds = [bond("bond0", [UPLINK, SECOND]), bond("bond1", [UPLINK, "eno1"])];
    const ports = cardPorts({ ...inventory, bonds });
    assert.deepEqual(ports.get("bond0"), { card: 0, isUplink: true });
    assert.equal(ports.get("bond1"), undefined);
    assert.ok(isBetweenCardPorts({ inPort: REP ?? "", actions: "bond0" }, ports));
    assert.ok(!isBetweenCardPorts({ inPort: REP ?? "", actions: "tap7" }, ports));
  });
});
