import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatCommand, type HostPlan, type Inventory, type Pf } from "@switchyard/model";
import {
  applySteps,
  buildBareLabHost,
  buildBareR740,
  buildConnectX6,
  buildDatapath,
  buildHostDesired,
  buildTeardown,
  buildVmDesired,
  cidr,
  firmware,
  OLD_FIRMWARE,
  slotMac,
} from "@switchyard/testkit/builders";
import { planVmStart } from "../vm/plan-vm.ts";
import { isBlocked, planHost } from "./plan-host.ts";

const commandsOf = (plan: HostPlan): readonly string[] =>
  plan.steps.flatMap(({ commands }) => commands.map(formatCommand));
const kindsOf = (plan: HostPlan): readonly string[] => plan.steps.map(({ kind }) => kind);
const reasonsOf = (plan: HostPlan): readonly string[] => plan.findings.map(({ reason }) => reason);

const applied = (inventory: Inventory, desired = buildHostDesired()): Inventory =>
  applySteps(inventory, planHost(desired, inventory).steps);

function withPf(inventory: Inventory, change: (pf: Pf) => Pf): Inventory {
  const [nic, ...others] = inventory.nics;
  assert.ok(nic);
  const [pf, ...ports] = nic.pfs;
  assert.ok(pf);
  return { ...inventory, nics: [{ ...nic, pfs: [change(pf), ...ports] }, ...others] };
}

describe("planHost on a bare R740", () => {
  const plan = planHost(buildHostDesired(), buildBareR740());

  it("shows the seed procedure's commands in its order", () => {
    const sysfs = "/sys/bus/pci/devices/0000:82:00.0";
    const vsctl = "ovs-vsctl --timeout=15 --";
    const addPort = (port: string) =>
      `${vsctl} --may-exist add-port cxbr0 ${port} -- set port ${port} external_ids:managed-by=switchyard`;
    assert.deepEqual(commandsOf(plan), [
      "modprobe vhost_vdpa",
      "modprobe mlx5_vdpa",
      "devlink dev eswitch set pci/0000:82:00.0 mode switchdev",
      `echo 2 > ${sysfs}/sriov_numvfs`,
      "vdpa dev add name vdpa0 mgmtdev pci/0000:82:00.2 mac 52:54:00:cb:00:00 max_vqp 16",
      "vdpa dev add name vdpa1 mgmtdev pci/0000:82:00.3 mac 52:54:00:cb:00:01 max_vqp 16",
      `${vsctl} --may-exist add-br cxbr0 -- set bridge cxbr0 external_ids:managed-by=switchyard`,
      addPort("enp130s0f0np0"),
      `${vsctl} --may-exist add-port cxbr0 <representor pf0vf0> -- set port <representor pf0vf0> external_ids:managed-by=switchyard`,
      `${vsctl} --may-exist add-port cxbr0 <representor pf0vf1> -- set port <representor pf0vf1> external_ids:managed-by=switchyard`,
      "ip link set dev enp130s0f0np0 up",
      "ip link set dev <representor pf0vf0> up",
      "ip link set dev <representor pf0vf1> up",
      "ip link set dev cxbr0 up",
      "ip addr add 192.168.101.2/24 dev cxbr0",
      `${vsctl} set Open_vSwitch . other_config:hw-offload=true external_ids:switchyard-restart-pending=hw-offload`,
      "/usr/share/openvswitch/scripts/ovs-ctl restart",
      `${vsctl} remove Open_vSwitch . external_ids switchyard-restart-pending`,
    ]);
  });

  it("numbers its steps and says what it costs", () => {
    assert.equal(plan.steps[0]?.id, "01-ensureModules");
    assert.equal(plan.steps[2]?.title, "Create 2 VFs on 0000:82:00.0");
    assert.equal(plan.disruption, "ovs-restart");
    assert.deepEqual(plan.affectedVms, []);
    assert.deepEqual(plan.findings, []);
  });

  it("is empty once it was applied", () => {
    assert.deepEqual(planHost(buildHostDesired(), applied(buildBareR740())).steps, []);
  });

  it("has a digest that names not known yet do not change", () => {
    const bare = buildBareR740();
    const renamed = withPf(bare, (pf) => ({ ...pf, link: { ...pf.link, netdev: "ens1f0" } }));
    assert.equal(planHost(buildHostDesired(), renamed).digest, plan.digest);
  });

  it("has another digest when it does something else", () => {
    const other = buildHostDesired(buildDatapath({ maxVqp: 8 }));
    assert.notEqual(planHost(other, buildBareR740()).digest, plan.digest);
  });
});

describe("planHost on port 1", () => {
  it("names vDPA devices so that they can't collide with those of port 0", () => {
    const datapath = buildDatapath({ uplink: { kind: "port", port: 1 } });
    const commands = commandsOf(planHost(buildHostDesired(datapath), buildBareR740()));
    assert.ok(
      commands.includes(
        "vdpa dev add name vdpa1v0 mgmtdev pci/0000:82:01.2 mac 52:54:00:cb:00:00 max_vqp 16",
      ),
      commands.join("\n"),
    );
  });

  it("takes down port 0 when the uplink has moved away from it", () => {
    const moved = buildHostDesired(buildDatapath({ uplink: { kind: "port", port: 1 } }));
    const plan = planHost(moved, applied(buildBareR740()));
    assert.deepEqual(kindsOf(plan).slice(0, 7), [
      "ensureNoBridgePort",
      "ensureNoBridgePort",
      "ensureNoBridgePort",
      "ensureNoVdpaDevice",
      "ensureNoVdpaDevice",
      "ensureVfCount",
      "ensureEswitchMode",
    ]);
    assert.deepEqual(planHost(moved, applied(applied(buildBareR740()), moved)).steps, []);
  });
});

describe("planHost on the lab's mapped NIC", () => {
  const desired = buildHostDesired(buildDatapath(), "lab-1");
  const plan = planHost(desired, buildBareLabHost());

  it("binds the VFs by hand and asks for neither MAC nor queue pairs", () => {
    const commands = commandsOf(plan);
    assert.ok(commands.includes("devlink dev eswitch set netdevsim/netdevsim1 mode switchdev"));
    assert.ok(commands.includes("echo 2 > /sys/bus/netdevsim/devices/netdevsim1/sriov_numvfs"));
    assert.ok(
      commands.includes("echo vp-vdpa > /sys/bus/pci/devices/0000:01:00.0/driver_override"),
    );
    assert.ok(commands.includes("vdpa dev add name vdpa0 mgmtdev pci/0000:01:00.0"));
    assert.ok(commands.includes("/usr/share/openvswitch/scripts/ovs-ctl start"));
  });

  it("is empty once it was applied", () => {
    assert.deepEqual(planHost(desired, applied(buildBareLabHost(), desired)).steps, []);
  });

  it("reports a slot whose MAC is not the hardware's", () => {
    const slots = [
      { vfIndex: 0, mac: slotMac(0) },
      { vfIndex: 1, mac: slotMac(77) },
    ];
    const wrong = buildHostDesired(buildDatapath({ slots }), "lab-1");
    const again = planHost(wrong, applied(buildBareLabHost(), wrong));
    assert.deepEqual(reasonsOf(again), ["VDPA_MAC_FIXED"]);
    assert.deepEqual(again.steps, []);
  });
});

describe("planHost before a mapped NIC's VFs exist", () => {
  it("reports a slot whose MAC will not be the hardware's", () => {
    const host = withPf(buildBareLabHost(), (pf) => ({
      ...pf,
      fixedVfMacs: [{ index: 0, mac: slotMac(50) }],
    }));
    assert.deepEqual(reasonsOf(planHost(buildHostDesired(), host)), ["VDPA_MAC_FIXED"]);
  });

  it("asks for the slots' MACs where its profile names none, and for no MAC where it is silent", () => {
    const named = withPf(buildBareLabHost(), (pf) => ({
      ...pf,
      fixedVfMacs: [],
      fixedVdpaDriver: "odd-vdpa",
    }));
    const drivers = planHost(buildHostDesired(), named).steps.flatMap((step) =>
      step.kind === "ensureVfDriver" ? [step.arguments.driver] : [],
    );
    assert.deepEqual(drivers, ["odd-vdpa", "odd-vdpa"]);
    const addsOf = (host: Inventory) =>
      commandsOf(planHost(buildHostDesired(), host)).filter((line) =>
        line.startsWith("vdpa dev add"),
      );
    assert.deepEqual(addsOf(named), [
      `vdpa dev add name vdpa0 mgmtdev pci/0000:01:00.0 mac ${slotMac(0)}`,
      `vdpa dev add name vdpa1 mgmtdev pci/0000:02:00.0 mac ${slotMac(1)}`,
    ]);
    assert.deepEqual(addsOf(buildBareLabHost()), [
      "vdpa dev add name vdpa0 mgmtdev pci/0000:01:00.0",
      "vdpa dev add name vdpa1 mgmtdev pci/0000:02:00.0",
    ]);
  });
});

describe("planHost on a host that has drifted", () => {
  it("mends one representor that is down and nothing else", () => {
    const drifted = withPf(applied(buildBareR740()), (pf) => ({
      ...pf,
      vfs: pf.vfs.map((vf) =>
        vf.index === 1 && vf.representor !== undefined
          ? { ...vf, representor: { ...vf.representor, isUp: false } }
          : vf,
      ),
    }));
    assert.deepEqual(commandsOf(planHost(buildHostDesired(), drifted)), [
      "ip link set dev eth1 up",
    ]);
  });

  it("adds again a port whose device vswitchd could not open", () => {
    const host = applied(buildBareR740());
    assert.ok(host.ovs);
    const broken: Inventory = {
      ...host,
      ovs: {
        ...host.ovs,
        bridges: host.ovs.bridges.map((bridge) => ({
          ...bridge,
          ports: bridge.ports.map((port) =>
            port.name === "eth0" ? { ...port, ofport: -1, error: "No such device" } : port,
          ),
        })),
      },
    };
    const plan = planHost(buildHostDesired(), broken);
    assert.deepEqual(kindsOf(plan), ["ensureNoBridgePort", "ensureBridgePort"]);
  });

  it("takes ports out that a reboot left without a device", () => {
    const host = applied(buildBareR740());
    assert.ok(host.ovs);
    const rebooted: Inventory = {
      ...buildBareR740(),
      ovs: {
        ...host.ovs,
        bridges: host.ovs.bridges.map((bridge) => ({
          ...bridge,
          isUp: false,
          addresses: [],
          ports: bridge.ports.map((port) =>
            port.name.startsWith("eth") ? { ...port, ofport: -1, error: "No such device" } : port,
          ),
        })),
      },
    };
    const plan = planHost(buildHostDesired(), rebooted);
    assert.deepEqual(
      plan.steps.filter(({ kind }) => kind === "ensureNoBridgePort").map(({ title }) => title),
      [
        "Take eth0 out of bridge cxbr0",
        "Take eth1 out of bridge cxbr0",
        "Take enp130s0f0np0 out of bridge cxbr0",
      ],
    );
    const after = applySteps(rebooted, plan.steps);
    assert.deepEqual(planHost(buildHostDesired(), after).steps, []);
  });

  it("leaves a device alone whose name only differs", () => {
    const renamed = withPf(applied(buildBareR740()), (pf) => ({
      ...pf,
      vfs: pf.vfs.map((vf) =>
        vf.vdpa === undefined ? vf : { ...vf, vdpa: { ...vf.vdpa, name: `own${vf.index}` } },
      ),
    }));
    assert.deepEqual(planHost(buildHostDesired(), renamed).steps, []);
  });

  it("replaces the bridge address of an earlier generation", () => {
    const bridge = { name: "cxbr0", address: cidr("192.168.101.9/24") };
    const plan = planHost(buildHostDesired(buildDatapath({ bridge })), applied(buildBareR740()));
    assert.deepEqual(commandsOf(plan), [
      "ip addr del 192.168.101.2/24 dev cxbr0",
      "ip addr add 192.168.101.9/24 dev cxbr0",
    ]);
  });

  it("passes through zero from one VF count to another", () => {
    const plan = planHost(
      buildHostDesired(buildDatapath({ vfCount: 4 })),
      applied(buildBareR740()),
    );
    const step = plan.steps.find(({ kind }) => kind === "ensureVfCount");
    const path = "/sys/bus/pci/devices/0000:82:00.0/sriov_numvfs";
    assert.deepEqual(step?.commands.map(formatCommand), [`echo 0 > ${path}`, `echo 4 > ${path}`]);
    assert.equal(step?.disruption, "datapath");
  });
});

describe("planHost with VMs on the host", () => {
  function hostWithVm(): Inventory {
    const host = applied(buildBareR740());
    return applySteps(host, planVmStart(buildVmDesired(host), host).steps);
  }
  const slotsWithVm = [
    { vfIndex: 0, mac: slotMac(0x100) },
    { vfIndex: 1, mac: slotMac(1) },
  ];

  it("stays empty while the slot carries the VM's MAC", () => {
    const desired = buildHostDesired(buildDatapath({ slots: slotsWithVm }));
    assert.deepEqual(planHost(desired, hostWithVm()).steps, []);
  });

  it("refuses to destroy the VF of a running VM and names the VM", () => {
    const desired = buildHostDesired(buildDatapath({ vfCount: 1, slots: slotsWithVm.slice(0, 1) }));
    const plan = planHost(desired, hostWithVm());
    assert.deepEqual(plan.affectedVms, ["web-01"]);
    assert.deepEqual(reasonsOf(plan), ["VFS_RECREATED", "VMS_WOULD_BREAK"]);
    assert.equal(plan.findings[0]?.found, "2 VFs, held: VF 0 by web-01");
    assert.equal(isBlocked(plan), true);
  });

  it("refuses a teardown under a running VM", () => {
    assert.deepEqual(reasonsOf(planHost(buildTeardown(), hostWithVm())), ["VMS_WOULD_BREAK"]);
  });

  it("spares VMs on other slots", () => {
    const slots = [
      { vfIndex: 0, mac: slotMac(0x100) },
      { vfIndex: 1, mac: slotMac(9) },
    ];
    const plan = planHost(buildHostDesired(buildDatapath({ slots })), hostWithVm());
    assert.deepEqual(kindsOf(plan), ["ensureVdpaDevice"]);
    assert.deepEqual(plan.affectedVms, []);
  });
});

describe("planHost's findings", () => {
  it("name the old firmware as the seed met it", () => {
    const host = buildBareR740({ nics: [buildConnectX6(OLD_FIRMWARE)] });
    const [finding] = planHost(buildHostDesired(), host).findings;
    assert.deepEqual(finding, {
      reason: "ESWITCH_FIRMWARE_TOO_OLD",
      severity: "error",
      message: "r740-07 cannot enter switchdev mode",
      found: "firmware 22.27.61.06 on 0000:82:00.0 (PSID DEL0000000027)",
      needs: "22.39.10.02 or newer",
      fix: "Update the firmware to 22.39.10.02 or newer.",
    });
  });

  it("say that new firmware only waits for a reboot", () => {
    const nic = buildConnectX6(OLD_FIRMWARE);
    const stored = { running: firmware(OLD_FIRMWARE), stored: firmware("22.39.1002") };
    const host = buildBareR740({ nics: [{ ...nic, firmware: stored }] });
    const [finding] = planHost(buildHostDesired(), host).findings;
    assert.match(finding?.fix ?? "", /^Reboot the host/);
  });

  it("let old firmware pass that is in switchdev mode already", () => {
    const nic = buildConnectX6(OLD_FIRMWARE);
    const host = buildBareR740({
      nics: [{ ...nic, pfs: nic.pfs.map((pf) => ({ ...pf, eswitchMode: "switchdev" })) }],
    });
    assert.deepEqual(reasonsOf(planHost(buildHostDesired(), host)), []);
  });

  it("block what would cut the management path", () => {
    const host = withPf(buildBareR740(), (pf) => ({ ...pf, carriesManagement: true }));
    const plan = planHost(buildHostDesired(), host);
    assert.deepEqual(reasonsOf(plan), ["MANAGEMENT_PATH_AT_RISK"]);
    assert.equal(isBlocked(plan), true);
  });

  it("count VFs against what the PF can have", () => {
    const plan = planHost(buildHostDesired(buildDatapath({ vfCount: 9 })), buildBareR740());
    assert.deepEqual(reasonsOf(plan), ["VF_COUNT_TOO_LARGE"]);
    assert.equal(plan.findings[0]?.found, "sriov_totalvfs 8 on 0000:82:00.0");
  });

  it("leave a bridge of others to them", () => {
    const bridge = { name: "cxbr0", isOurs: false, isUp: true, addresses: [], ports: [] };
    const host = buildBareR740();
    assert.ok(host.ovs);
    const plan = planHost(buildHostDesired(), { ...host, ovs: { ...host.ovs, bridges: [bridge] } });
    assert.deepEqual(reasonsOf(plan), ["BRIDGE_NOT_OURS"]);
  });

  it("warn of an old bridge that can't go because others use it", () => {
    const host = applied(buildBareR740());
    assert.ok(host.ovs);
    const tap = { name: "tap7", ofport: 9, error: undefined, linkState: "up" };
    const bridges = host.ovs.bridges.map((each) => ({ ...each, ports: [...each.ports, tap] }));
    const bridge = { name: "cxbr1", address: undefined };
    const plan = planHost(buildHostDesired(buildDatapath({ bridge })), {
      ...host,
      ovs: { ...host.ovs, bridges },
    });
    assert.deepEqual(
      plan.findings.map(({ reason, severity }) => [reason, severity]),
      [["RESOURCE_IN_USE", "warning"]],
    );
    assert.equal(kindsOf(plan).includes("ensureNoBridge"), false);
  });

  it("report an address on the PF instead of removing it", () => {
    const addresses = [cidr("192.168.101.2/24")];
    const host = withPf(buildBareR740(), (pf) => ({ ...pf, link: { ...pf.link, addresses } }));
    const [finding] = planHost(buildHostDesired(), host).findings;
    assert.equal(finding?.reason, "LINT_FAILED");
    assert.equal(finding?.fix, "ip addr del 192.168.101.2/24 dev enp130s0f0np0");
  });

  it("warn of a missing IOMMU without blocking", () => {
    const plan = planHost(buildHostDesired(), buildBareR740({ iommuGroupCount: 0 }));
    assert.deepEqual(
      plan.findings.map(({ severity }) => severity),
      ["warning"],
    );
    assert.equal(isBlocked(plan), false);
  });

  it("block on an admin MAC that differs from the vDPA MAC, unless the VFs are made anew", () => {
    const host = withPf(applied(buildBareR740()), (pf) => ({
      ...pf,
      vfs: pf.vfs.map((vf) => ({ ...vf, adminMac: slotMac(99) })),
    }));
    const kept = planHost(buildHostDesired(), host);
    assert.deepEqual(
      kept.findings.map(({ severity }) => severity),
      ["error", "error"],
    );
    const anew = planHost(buildHostDesired(buildDatapath({ vfCount: 4 })), host);
    assert.equal(isBlocked(anew), false);
  });

  it("say that there is no such port", () => {
    const datapath = buildDatapath({ uplink: { kind: "port", port: 2 } });
    const plan = planHost(buildHostDesired(datapath), buildBareR740());
    assert.deepEqual(reasonsOf(plan), ["NIC_NOT_FOUND"]);
    assert.equal(plan.findings[0]?.found, "ports 0000:82:00.0, 0000:82:00.1");
    assert.deepEqual(plan.steps, []);
  });
});

describe("planHost for a teardown", () => {
  it("is empty on a bare host", () => {
    assert.deepEqual(planHost(buildTeardown(), buildBareR740()).steps, []);
    assert.deepEqual(planHost(buildTeardown(), buildBareLabHost()).steps, []);
  });

  it("brings the host back to where it was, but for modules and links", () => {
    const bare = buildBareR740();
    const host = applied(bare);
    const after = applySteps(host, planHost(buildTeardown(), host).steps);
    assert.deepEqual(after.nics, bare.nics);
    assert.deepEqual(after.ovs, bare.ovs);
  });

  it("leaves a legacy PF with VFs of others alone", () => {
    const host = withPf(buildBareR740(), (pf) => ({ ...pf, vfCount: 4 }));
    assert.deepEqual(planHost(buildTeardown(), host).steps, []);
  });

  it("leaves hw-offload on while others have bridges", () => {
    const host = applied(buildBareR740());
    assert.ok(host.ovs);
    const other = { name: "br-ex", isOurs: false, isUp: true, addresses: [], ports: [] };
    const shared = { ...host, ovs: { ...host.ovs, bridges: [...host.ovs.bridges, other] } };
    assert.equal(kindsOf(planHost(buildTeardown(), shared)).includes("ensureHwOffload"), false);
  });

  it("refuses to delete a bridge that carries ports of others", () => {
    const host = applied(buildBareR740());
    assert.ok(host.ovs);
    const tap = { name: "tap7", ofport: 9, error: undefined, linkState: "up" };
    const bridges = host.ovs.bridges.map((each) => ({ ...each, ports: [...each.ports, tap] }));
    const plan = planHost(buildTeardown(), { ...host, ovs: { ...host.ovs, bridges } });
    assert.deepEqual(reasonsOf(plan), ["RESOURCE_IN_USE"]);
  });
});
