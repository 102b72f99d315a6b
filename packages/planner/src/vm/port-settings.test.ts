import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  formatCommand,
  type HostPlan,
  type Inventory,
  type PortSettings,
  type VmDesired,
} from "@switchyard/model";
import {
  applySteps,
  buildBareR740,
  buildHostDesired,
  buildVmDesired,
} from "@switchyard/testkit/builders";
import { planHost } from "../host/plan-host.ts";
import { planVmDelete, planVmStart } from "./plan-vm.ts";

const host = applySteps(buildBareR740(), planHost(buildHostDesired(), buildBareR740()).steps);
const LIMIT = { bitsPerSecond: 1_000_000_000, burstBits: 10_000_000 };
const PLAIN: PortSettings = { mtu: 1500, hasAntiSpoof: false };

function vmOn(settings: Partial<PortSettings>): VmDesired {
  const vm = buildVmDesired(host);
  const network = vm.allocation.nics[0]?.network ?? "";
  return { ...vm, portSettings: { [network]: { ...PLAIN, ...settings } } };
}

const PORT_KINDS = /^ensure(Port|AntiSpoof|NoAntiSpoof|LinkMtu|VfPort)/;
const portStepsOf = ({ steps }: HostPlan) => steps.filter(({ kind }) => PORT_KINDS.test(kind));
const titlesOf = (plan: HostPlan) => portStepsOf(plan).map(({ title }) => title);
const commandsOf = (plan: HostPlan) =>
  portStepsOf(plan).flatMap(({ commands }) => commands.map(formatCommand));
const start = (settings: Partial<PortSettings>, observed: Inventory = host) =>
  planVmStart(vmOn(settings), observed);

describe("ports of a VM's NICs", () => {
  it("are left alone where their network asks for nothing", () => {
    assert.deepEqual(titlesOf(start({})), []);
    assert.deepEqual(titlesOf(planVmDelete(vmOn({}), host)), []);
  });

  it("are put into the VLAN and limited, each in one transaction", () => {
    const plan = start({ vlan: 40, sendLimit: LIMIT, receiveLimit: LIMIT });
    const [tag, policing, shaping, ...more] = commandsOf(plan);
    assert.equal(tag, "ovs-vsctl --timeout=15 -- set port eth0 tag=40");
    assert.match(policing ?? "", /ingress_policing_rate=1000000 ingress_policing_burst=10000$/);
    assert.match(shaping ?? "", /set port eth0 qos=@qos .* type=linux-htb .*max-rate=1000000000/);
    assert.match(shaping ?? "", /other_config:burst=10000000/);
    assert.deepEqual(more, []);
  });

  it("let on what the VM sends as itself, and drop the rest", () => {
    const commands = commandsOf(start({ hasAntiSpoof: true }));
    const mac = "52:54:00:cb:01:00";
    const add = "ovs-ofctl --timeout=15 add-flow cxbr0 cookie=0x5357525400cb0100,priority=";
    const address = buildVmDesired(host).allocation.nics[0]?.address.split("/")[0];
    assert.deepEqual(commands, [
      `${add}200,arp,in_port=eth0,dl_src=${mac},arp_spa=${address},arp_sha=${mac},actions=NORMAL`,
      `${add}200,arp,in_port=eth0,dl_src=${mac},arp_spa=0.0.0.0,arp_op=1,arp_sha=${mac},actions=NORMAL`,
      `${add}200,ip,in_port=eth0,dl_src=${mac},nw_src=${address},actions=NORMAL`,
      `${add}100,in_port=eth0,actions=drop`,
    ]);
  });

  it("are raised from the wire inwards, before the vDPA device is made, and the guest is told", () => {
    const plan = start({ mtu: 9000 });
    const kinds = plan.steps.map(({ kind }) => kind);
    assert.deepEqual(
      kinds.filter((kind) => kind === "ensureLinkMtu" || kind === "ensureVdpaDevice"),
      [...titlesOf(plan).map(() => "ensureLinkMtu"), "ensureVdpaDevice"],
    );
    const [uplink, port] = commandsOf(plan);
    assert.match(uplink ?? "", /dev enp130s0f0np0 mtu 9000$/);
    assert.match(port ?? "", /dev eth0 mtu 9000$/);
    const guest = plan.steps.at(-1)?.commands.map(formatCommand).join("\n") ?? "";
    assert.match(guest, /mtu 9000/);
  });

  it("need nothing more once they are so, but flows, which can't be observed", () => {
    const settings = { vlan: 40, mtu: 9000, sendLimit: LIMIT, receiveLimit: LIMIT };
    const running = applySteps(host, start(settings).steps);
    assert.deepEqual(titlesOf(start(settings, running)), []);
    const guarded = start({ ...settings, hasAntiSpoof: true }, running);
    assert.deepEqual(
      portStepsOf(guarded).map(({ kind }) => kind),
      ["ensureAntiSpoof"],
    );
  });

  it("are mended under a running VM that somebody took from its VLAN", () => {
    const settings = { vlan: 40 };
    const running = applySteps(host, start(settings).steps);
    const strayed = applySteps(running, start({}, running).steps);
    assert.deepEqual(titlesOf(start(settings, strayed)), ["Put eth0 into VLAN 40"]);
  });

  it("go back to what they were with the VM, all but the uplink's MTU", () => {
    const all = {
      ...{ vlan: 40, mtu: 9000, hasAntiSpoof: true },
      ...{ sendLimit: LIMIT, receiveLimit: LIMIT },
    };
    const running = applySteps(host, start(all).steps);
    const plan = planVmDelete(vmOn(all), running);
    const [flows, vlan, limits, ...mtus] = titlesOf(plan);
    assert.equal(flows, "Take the flows of 52:54:00:cb:01:00 from bridge cxbr0");
    assert.equal(vlan, "Take eth0 out of its VLAN");
    assert.equal(limits, "Lift the limits of eth0");
    assert.equal(mtus.at(-1), "Give eth0 an MTU of 1500", "last: the function's own comes first");
    const after = applySteps(running, plan.steps);
    assert.deepEqual(titlesOf(planVmDelete(vmOn({}), after)), []);
    assert.equal(after.nics[0]?.pfs[0]?.link.mtu, 9000);
  });

  it("are said to be limited in part only where the card forwards by itself", () => {
    const { findings } = start({ receiveLimit: LIMIT });
    assert.deepEqual(
      findings.map(({ reason, severity }) => `${reason} ${severity}`),
      ["LINT_FAILED warning"],
    );
    const software = { ...host, ...(host.ovs && { ovs: { ...host.ovs, hwOffload: false } }) };
    assert.deepEqual(start({ receiveLimit: LIMIT }, software).findings, []);
    assert.deepEqual(start({ sendLimit: LIMIT }).findings, []);
  });
});
