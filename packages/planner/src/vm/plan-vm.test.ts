import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  formatCommand,
  type HostPlan,
  type Inventory,
  type Ipv4Address,
  UNKNOWN_SYSTEM,
} from "@switchyard/model";
import {
  applySteps,
  buildBareLabHost,
  buildBareR740,
  buildDatapath,
  buildHostDesired,
  buildVmDesired,
  pciAddress,
  slotMac,
} from "@switchyard/testkit/builders";
import { planHost } from "../host/plan-host.ts";
import { planNoop, planPing, planVmDelete, planVmStart } from "./plan-vm.ts";
import { planVmReboot, planVmStop } from "./plan-vm-stop.ts";

const prepared = (bare: Inventory): Inventory =>
  applySteps(bare, planHost(buildHostDesired(), bare).steps);
const kindsOf = (plan: HostPlan): readonly string[] => plan.steps.map(({ kind }) => kind);
const reasonsOf = (plan: HostPlan): readonly string[] => plan.findings.map(({ reason }) => reason);
const PF = pciAddress("0000:82:00.0");
const target = "192.168.101.21" as Ipv4Address;

describe("planVmStart", () => {
  const host = prepared(buildBareR740());
  const vm = buildVmDesired(host);
  const plan = planVmStart(vm, host);

  it("gives the slot the VM's MAC, starts QEMU and sets the guest's address", () => {
    assert.deepEqual(kindsOf(plan), ["ensureVdpaDevice", "ensureVmRunning", "ensureGuestAddress"]);
    assert.deepEqual(plan.steps[0]?.commands.map(formatCommand), [
      "vdpa dev del vdpa0",
      "vdpa dev add name vdpa0 mgmtdev pci/0000:82:00.2 mac 52:54:00:cb:01:00 max_vqp 16",
    ]);
    assert.deepEqual(plan.findings, []);
  });

  it("shows QEMU's arguments as the seed has them", () => {
    const line = plan.steps[1]?.commands.map(formatCommand).join("\n") ?? "";
    assert.match(line, /vectors=10,netdev=vhost-vdpa0,page-per-vq=on,disable-legacy=on/);
    assert.match(line, /mac=52:54:00:cb:01:00/);
    assert.match(line, /<vhost-vdpa of VF 0000:82:00\.2>/);
  });

  it("keeps the device's own path when it need not be replaced", () => {
    const same = buildVmDesired(host, { mac: slotMac(0) });
    const commands = planVmStart(same, host).steps[0]?.commands.map(formatCommand) ?? [];
    assert.match(commands.join("\n"), /vhostdev=\/dev\/vhost-vdpa-0,/);
  });

  it("leaves a running VM alone but for its address, which can't be observed", () => {
    const running = applySteps(host, plan.steps);
    assert.deepEqual(kindsOf(planVmStart(vm, running)), ["ensureGuestAddress"]);
  });

  it("does without the guest's agent where there is none", () => {
    const silent = buildVmDesired(host, { spec: { hasGuestAgent: false } });
    assert.deepEqual(kindsOf(planVmStart(silent, host)), ["ensureVdpaDevice", "ensureVmRunning"]);
  });

  it("makes the device again that an interrupted start had deleted, as its siblings are", () => {
    const first = planHost(buildHostDesired(), host);
    assert.deepEqual(first.steps, []);
    const vf = { pf: PF, index: 0 };
    const step = {
      ...planVmStart(vm, host).steps[0],
      kind: "ensureNoVdpaDevice",
      arguments: { vf, name: "vdpa0" },
    };
    const interrupted = applySteps(host, [step as HostPlan["steps"][number]]);
    const again = planVmStart(vm, interrupted).steps[0];
    assert.ok(again?.kind === "ensureVdpaDevice");
    assert.equal(again.arguments.maxVqp, 16);
    assert.equal(again.arguments.name, "vdpa0");
  });

  it("refuses a MAC that hardware has fixed otherwise", () => {
    const lab = prepared(buildBareLabHost());
    const nic = { queuePairs: 1 };
    assert.deepEqual(reasonsOf(planVmStart(buildVmDesired(lab, { nic }), lab)), ["VDPA_MAC_FIXED"]);
    const own = buildVmDesired(lab, { mac: slotMac(0), nic });
    assert.deepEqual(planVmStart(own, lab).findings, []);
    assert.deepEqual(kindsOf(planVmStart(own, lab)), ["ensureVmRunning", "ensureGuestAddress"]);
  });

  it("refuses a slot that another VM holds", () => {
    const running = applySteps(host, plan.steps);
    const second = buildVmDesired(running, { vm: "web-02" });
    assert.deepEqual(reasonsOf(planVmStart(second, running)), ["DEVICE_BUSY"]);
  });

  it("refuses a slot and a bridge that are not there", () => {
    const bare = buildBareR740();
    assert.deepEqual(reasonsOf(planVmStart(buildVmDesired(bare), bare)), ["DEVICE_ABSENT"]);
    const other = buildVmDesired(host, { nic: { bridge: "br7" } });
    assert.deepEqual(reasonsOf(planVmStart(other, host)), ["DEVICE_ABSENT"]);
  });

  it("refuses more queue pairs than the device or the vCPUs allow", () => {
    const greedy = buildVmDesired(host, { nic: { queuePairs: 17 } });
    assert.deepEqual(reasonsOf(planVmStart(greedy, host)), ["LINT_FAILED", "LINT_FAILED"]);
  });

  it("plugs the representor in and brings it up when it is not", () => {
    const bridge = { name: "cxbr9", address: undefined };
    const elsewhere = applySteps(
      buildBareR740(),
      planHost(buildHostDesired(buildDatapath({ bridge })), buildBareR740()).steps,
    );
    const moved = buildVmDesired(elsewhere, { nic: { bridge: "cxbr0" } });
    assert.deepEqual(kindsOf(planVmStart(moved, elsewhere)).slice(1, 3), [
      "ensureNoBridgePort",
      "ensureBridgePort",
    ]);
  });
});

describe("planVmDelete", () => {
  const host = prepared(buildBareR740());
  const vm = buildVmDesired(host);
  const running = applySteps(host, planVmStart(vm, host).steps);

  it("stops the VM and gives the slot back its MAC", () => {
    const plan = planVmDelete(vm, running);
    assert.deepEqual(kindsOf(plan), ["ensureVmStopped", "ensureVdpaDevice"]);
    assert.deepEqual(applySteps(running, plan.steps), host);
  });

  it("has nothing to do once the VM is gone", () => {
    assert.deepEqual(planVmDelete(vm, host).steps, []);
    assert.deepEqual(planVmDelete(vm, buildBareR740()).steps, []);
  });
});

describe("planPing and planNoop", () => {
  it("pings from a running VM only", () => {
    const host = prepared(buildBareR740());
    const running = applySteps(host, planVmStart(buildVmDesired(host), host).steps);
    const ping = { vm: "web-01", target, count: 3 };
    assert.deepEqual(planPing(ping, running).findings, []);
    assert.deepEqual(reasonsOf(planPing(ping, host)), ["VM_NOT_RUNNING"]);
  });

  it("plans one step that touches nothing", () => {
    assert.deepEqual(kindsOf(planNoop()), ["noop"]);
  });
});

describe("a VM that is stopped and comes back", () => {
  const host = prepared(buildBareR740());
  const vm = buildVmDesired(host);
  const running = applySteps(host, planVmStart(vm, host).steps);
  const stop = (gracePeriodMs: number) => ({ vm, gracePeriodMs });

  it("loses its process and nothing else", () => {
    const [step, ...rest] = planVmStop(stop(5_000), running).steps;
    assert.deepEqual(rest, []);
    assert.ok(step?.kind === "ensureVmStopped");
    assert.deepEqual(step.arguments, { vm: vm.vm, gracePeriodMs: 5_000 });
    assert.match(formatCommand(step.commands[0]!), /system_powerdown/);
  });

  it("is shown to be ended without being asked where that was wanted", () => {
    const [step] = planVmStop(stop(0), running).steps;
    assert.match(step?.commands.map(formatCommand).join() ?? "", /"quit"/);
  });

  it("has nothing to stop where it does not run", () => {
    assert.deepEqual(planVmStop(stop(0), host).steps, []);
  });

  it("starts in the slot that still has its MAC", () => {
    const stopped = applySteps(running, planVmStop(stop(0), running).steps);
    assert.deepEqual(kindsOf(planVmStart(vm, stopped)), ["ensureVmRunning", "ensureGuestAddress"]);
  });

  it("reboots by a stop and a start", () => {
    assert.deepEqual(kindsOf(planVmReboot(stop(5_000), running)), [
      "ensureVmStopped",
      "ensureVmRunning",
      "ensureGuestAddress",
    ]);
  });

  it("needs no more huge pages for a reboot than it gives back", () => {
    const size = 2 * 1024 ** 2;
    const pages = { sizeBytes: size, count: 2048, freeCount: 0 };
    const full = { ...running, system: { ...UNKNOWN_SYSTEM, hugepages: [pages] } };
    const huge = { ...vm, spec: { ...vm.spec, hugepageBytes: size } };
    assert.deepEqual(reasonsOf(planVmReboot({ vm: huge, gracePeriodMs: 0 }, full)), []);
    const stopped = { ...full, vms: [] };
    assert.deepEqual(reasonsOf(planVmReboot({ vm: huge, gracePeriodMs: 0 }, stopped)), [
      "HUGEPAGES_SHORT",
    ]);
  });

  it("has a process that runs no guest any more ended before a new one", () => {
    const panicked = {
      ...running,
      vms: running.vms.map((each) => ({ ...each, state: "failed" as const, pid: 4242 })),
    };
    const { steps } = planVmStart(vm, panicked);
    assert.ok(steps[0]?.kind === "ensureVmStopped" && steps[0].arguments.gracePeriodMs === 0);
    assert.ok(steps.some(({ kind }) => kind === "ensureVmRunning"));
  });
});
