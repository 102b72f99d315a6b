import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  createMainJob,
  createReport,
  SIMULATED_TIMEOUTS,
  vdpaDatapath,
} from "@switchyard/dev/main-job";
import { type Stack, startStack } from "@switchyard/dev/stack";
import { guestExec, listOpenFlows } from "@switchyard/host";
import { vmPaths } from "@switchyard/model";
import { Network, NicKind, PlanGoal, Vm, VmState } from "@switchyard/proto";
import { silentLogger, systemClock } from "@switchyard/runtime";
import { addressOf } from "./support/vms.ts";

const NEVER_BY_ITSELF = { heartbeatMs: 1_000, inventoryMs: 3_600_000, telemetryMs: 1_000 };
const BRIDGE = "cxbr0";
const LIMITS = {
  sendLimit: { bitsPerSecond: 1_000_000_000n, burstBits: 10_000_000n },
  receiveLimit: { bitsPerSecond: 2_000_000_000n, burstBits: 20_000_000n },
};

const vmOn = (network: string): Vm =>
  Vm.fromPartial({
    spec: {
      vcpuCount: 2,
      memoryBytes: 1024n ** 3n,
      boot: {
        $case: "disk",
        value: { path: "/var/lib/switchyard/images/rocky9.qcow2", format: "qcow2" },
      },
      nics: [{ network: `networks/${network}`, kind: NicKind.VDPA, queuePairs: 2 }],
      hasGuestAgent: true,
    },
  });

const nicOf = (vm: Vm) => {
  const [nic] = vm.allocation?.nics ?? [];
  assert.ok(nic);
  return nic;
};

describe("networks on simulated hosts", () => {
  let stack: Stack;
  const job = () =>
    createMainJob({
      client: stack.client,
      report: createReport(process.stderr),
      timeouts: SIMULATED_TIMEOUTS,
    });
  const hostOf = (vm: Vm) => stack.simHost(vm.allocation?.host ?? "");
  const run = (vm: Vm, line: string) =>
    hostOf(vm).run({ argv: line.split(" ") as [string, ...string[]] });

  /** All share one subnet, so that nothing but their ports keeps VMs apart. */
  const createNetwork = (id: string, spec: object) =>
    job().createNetwork(
      id,
      Network.fromPartial({
        spec: {
          ...{ bridge: BRIDGE, subnet: "192.168.101.0/24" },
          ipPool: { first: "192.168.101.20", last: "192.168.101.60" },
          ...spec,
        },
      }),
    );
  async function createVm(name: string, network: string): Promise<Vm> {
    const vm = await job().createVm(name, vmOn(network));
    assert.equal(vm.state, VmState.RUNNING, JSON.stringify(vm.failure));
    return vm;
  }
  const answers = async (from: Vm, target: string) =>
    (await job().ping(from.name, target)).received;
  const inGuest = (vm: Vm, line: string) =>
    guestExec(
      hostOf(vm),
      vmPaths(vm.name.replace("vms/", "")).guestAgentSocket,
      line.split(" ") as [string, ...string[]],
      { timeoutMs: 5_000, clock: systemClock },
    );

  before(async () => {
    stack = await startStack({ hosts: 3, intervals: NEVER_BY_ITSELF, log: silentLogger });
    await Promise.all(stack.hostNames.map((host) => job().readyHost(host)));
    await job().createProfile(
      "vdpa",
      vdpaDatapath({
        vfCount: 4,
        maxVqp: 4,
        bridgeAddresses: { first: "192.168.101.2", last: "192.168.101.9" },
      }),
      { role: "vm-host" },
    );
    for (const host of stack.hostNames) {
      await job().apply(await job().plan(host, PlanGoal.APPLY_PROFILE));
    }
  });
  after(() => stack.stop());

  it("carry pings within a VLAN and none between two", async () => {
    const blueIps = { ipPool: { first: "192.168.101.70", last: "192.168.101.79" } };
    await createNetwork("red", { vlan: 40 });
    await createNetwork("blue", { vlan: 41, ...blueIps });
    const [red, other, blue] = [
      await createVm("red-1", "red"),
      await createVm("red-2", "red"),
      await createVm("blue-1", "blue"),
    ];
    assert.notEqual(red.allocation?.host, other.allocation?.host, "spread over hosts");
    assert.ok((await answers(red, addressOf(other))) > 0);
    assert.equal(await answers(red, addressOf(blue)), 0);
    assert.equal(await answers(red, "192.168.101.2"), 0, "hosts' bridges are untagged");
    for (const { name } of [red, other, blue]) await job().deleteVm(name);
    const { stdout } = await run(red, "ovs-vsctl --timeout=10 --columns=tag list Port");
    assert.deepEqual([...new Set(stdout.match(/\[\]|\d+/g))], ["[]"], "no port is tagged any more");
  });

  it("cut off a guest that sends with another address, until it is itself again", async () => {
    await createNetwork("guarded", { antiSpoof: true });
    const [victim, thief] = [
      await createVm("victim", "guarded"),
      await createVm("thief", "guarded"),
    ];
    assert.ok((await answers(thief, addressOf(victim))) > 0);
    const own = nicOf(thief).address;
    await inGuest(thief, `ip addr add 192.168.101.99/24 dev eth0`);
    await inGuest(thief, `ip addr del ${own} dev eth0`);
    assert.equal(await answers(thief, addressOf(victim)), 0);
    await inGuest(thief, `ip addr add ${own} dev eth0`);
    await inGuest(thief, `ip addr del 192.168.101.99/24 dev eth0`);
    assert.ok((await answers(thief, addressOf(victim))) > 0);
    for (const vm of [victim, thief]) {
      assert.equal((await listOpenFlows(hostOf(vm), BRIDGE)).length, 5);
      await job().deleteVm(vm.name);
      assert.equal((await listOpenFlows(hostOf(vm), BRIDGE)).length, 1, "the bridge's own");
    }
  });

  it("limit what passes, take large frames, and leave nothing behind", async () => {
    await createNetwork("limited", { mtuBytes: 9000, ...LIMITS });
    const [left, right] = [await createVm("left", "limited"), await createVm("right", "limited")];
    const settings = async () => {
      const table = (name: string, columns: string) =>
        run(left, `ovs-vsctl --timeout=10 --columns=${columns} list ${name}`);
      const policing = await table("Interface", "ingress_policing_rate");
      const rows = [await table("QoS", "type"), await table("Queue", "other_config")];
      return {
        rates: (policing.stdout.match(/\d+/g) ?? []).map(Number).filter((rate) => rate > 0),
        rows: rows.flatMap(({ stdout }) => stdout.match(/linux-\w+|\d+/g) ?? []).sort(),
      };
    };
    assert.deepEqual(await settings(), {
      rates: [1_000_000],
      rows: ["20000000", "2000000000", "linux-htb"],
    });
    const ping = `ping -c 1 -W 1 -s 8000 ${addressOf(right)}`;
    assert.match((await inGuest(left, ping)).stdout, / 1 received/);
    for (const { name } of [left, right]) await job().deleteVm(name);
    assert.deepEqual(await settings(), { rates: [], rows: [] });
    const mtus = (await run(left, "ip -j link show")).stdout;
    const links = JSON.parse(mtus) as { ifname: string; mtu: number }[];
    const raised = links.filter(({ mtu }) => mtu === 9000).map(({ ifname }) => ifname);
    assert.deepEqual(raised, ["enp130s0f0np0"], "the uplink stays, as others may be on it");
  });

  it("refuse to change under their VMs, by name, and give a VM the address kept for it", async () => {
    await createNetwork("kept", {
      reservations: [{ address: "192.168.101.50", vm: "vms/mine" }, { address: "192.168.101.20" }],
    });
    const mine = await createVm("mine", "kept");
    assert.equal(addressOf(mine), "192.168.101.50");
    const update = stack.client.networks.updateNetwork({
      network: Network.fromPartial({ name: "networks/kept", spec: { vlan: 9 } }),
      updateMask: ["spec.vlan"],
    });
    await assert.rejects(update, (error: { reason: string; metadata: Record<string, string> }) => {
      assert.equal(error.reason, "RESOURCE_IN_USE");
      assert.equal(error.metadata["found"], "vms/mine");
      return true;
    });
    await job().deleteVm(mine.name);
  });
});
