import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  CHECKS_OF_HOST,
  type CheckStatus,
  type DriverInfo,
  type Examination,
  type HostCheckId,
  type Inventory,
  type Pf,
  parseMacAddress,
  type SystemFacts,
  UNKNOWN_SYSTEM,
  type Vf,
} from "@switchyard/model";
import {
  applySteps,
  buildBareR740,
  buildDatapath,
  buildHostDesired,
  buildVmDesired,
  cidr,
  firmware,
  OLD_FIRMWARE,
  pciAddress,
  slotMac,
} from "@switchyard/testkit/builders";
import { planHost } from "../host/plan-host.ts";
import { diagnoseHost, HOST_CHECK_IDS, worstStatus } from "./diagnose-host.ts";
import type { HostFacts, PlacedVm } from "./facts.ts";

const NOW_MS = 1_750_000_000_000;
const HOST = "r740-07";
const GIB = 1024 ** 3;

const desired = buildHostDesired(buildDatapath());
const prepared = applySteps(buildBareR740(), planHost(desired, buildBareR740()).steps);

const healthySystem: SystemFacts = {
  ...UNKNOWN_SYSTEM,
  rebootRequiredBy: [],
  isSecureBoot: false,
  disks: [{ path: "/var", sizeBytes: 100 * GIB, availableBytes: 60 * GIB }],
  isTimeSynchronized: true,
};

const healthyDriver: DriverInfo = {
  module: "mlx5_core",
  loaded: { version: "24.04-0.7.0" },
  onDisk: [{ kernelRelease: buildBareR740().os.kernelRelease, version: "24.04-0.7.0" }],
  kernelsWithHeaders: [],
  release: "MLNX_OFED_LINUX-24.04-0.7.0.0",
  builds: [],
};

/** The seed's host with one VM in slot 0, which answers. */
function healthyInventory(): Inventory {
  const negotiated = mapVf(prepared, 0, (vf) => ({
    ...vf,
    netdev: "enp130s0f0v0",
    vdpa: vf.vdpa && { ...vf.vdpa, negotiatedFeatures: ["MAC", "MQ"] },
  }));
  const nics = [{ mac: slotMac(0), vhostPath: "/dev/vhost-vdpa-0" }];
  const vm = { vm: "web-01", state: "running", pid: 4242, startedBy: undefined } as const;
  const nicsWithDriver = negotiated.nics.map((nic) => ({ ...nic, driverInfo: healthyDriver }));
  return {
    ...negotiated,
    nics: nicsWithDriver,
    system: healthySystem,
    vms: [{ ...vm, nics, isGuestAgentUp: true, reason: undefined }],
  };
}

const mapPf = (inventory: Inventory, map: (pf: Pf) => Pf): Inventory => ({
  ...inventory,
  nics: inventory.nics.map((nic) => ({
    ...nic,
    pfs: nic.pfs.map((pf, at) => (at === 0 ? map(pf) : pf)),
  })),
});

function mapVf(inventory: Inventory, index: number, map: (vf: Vf) => Vf): Inventory {
  return mapPf(inventory, (pf) => ({
    ...pf,
    vfs: pf.vfs.map((vf) => (vf.index === index ? map(vf) : vf)),
  }));
}

const placedVm: PlacedVm = {
  vm: "web-01",
  state: "running",
  ...(({ spec, allocation }) => ({ spec, allocation }))(
    buildVmDesired(prepared, { mac: slotMac(0) }),
  ),
};

const switchPorts = ["enp130s0f0np0", "eth0", "eth1"];
const netdevNames = [...prepared.nics[0]!.pfs[0]!.vfs.flatMap((vf) => vf.representor!.netdev)];

const healthyLook: Examination = {
  observedAtMs: NOW_MS + 20,
  inventoryAtMs: NOW_MS,
  kernelCommandLine: "BOOT_IMAGE=/vmlinuz root=/dev/mapper/rl-root ro intel_iommu=on iommu=pt",
  kernelMessages: [],
  functions: [
    { pciAddress: "0000:82:00.0", isVf: false, driver: "mlx5_core" },
    { pciAddress: "0000:82:00.1", isVf: false, driver: "mlx5_core" },
    { pciAddress: "0000:82:00.2", isVf: true, driver: "mlx5_core" },
  ],
  blockedProcesses: [],
  vhostHolders: [{ path: "/dev/vhost-vdpa-0", pid: 4242, command: "qemu-system-x86" }],
  netdevs: [...new Set([...switchPorts, ...netdevNames, "enp130s0f1np1", "enp130s0f0v0"])].map(
    (name) => ({
      name,
      isUp: true,
      hasCarrier: true,
      mtu: 1500,
      hasTcOffload: true,
      hasIngressQdisc: true,
      filters: { count: name === "enp130s0f1np1" ? 0 : 2, notInHardwareCount: 0 },
    }),
  ),
  flows: { offloadedCount: 12, softwareCount: 0, software: [] },
  learned: [{ bridge: "cxbr0", mac: slotMac(0), ofport: ofportOf(0) }],
  vms: [
    {
      vm: "web-01",
      pid: 4242,
      memoryLock: "unlimited",
      nics: [
        { vhostPath: "/dev/vhost-vdpa-0", hasMultiqueue: true, hasPagePerVq: true, vectors: 34 },
      ],
    },
  ],
  agent: { ledgerTrouble: undefined, unfinishedJobCount: 0 },
};

function ofportOf(index: number): number {
  const netdev = prepared.nics[0]?.pfs[0]?.vfs[index]?.representor?.netdev;
  return prepared.ovs?.bridges[0]?.ports.find(({ name }) => name === netdev)?.ofport ?? 0;
}

const macsOf = (host: string, macs: readonly string[]) =>
  macs.map((mac, at) => ({ mac, host, holder: `${host} slot ${at}` }));

const healthy: HostFacts = {
  host: HOST,
  nowMs: NOW_MS,
  presence: { state: "ready", lastSeenAtMs: NOW_MS - 2_000 },
  inventory: healthyInventory(),
  matchingProfiles: ["cx6dx"],
  desired,
  desireTrouble: undefined,
  isApplied: true,
  vms: [placedVm],
  networks: {
    lab: {
      bridge: "cxbr0",
      subnet: cidr("192.168.101.0/24"),
      ipPool: {
        first: "192.168.101.20" as never,
        last: "192.168.101.90" as never,
      },
      macPool: { first: slotMac(0x100), last: slotMac(0x1ff) },
    },
  },
  bridgeAddresses: [cidr("192.168.101.2/24")],
  macs: [...macsOf(HOST, [slotMac(0), slotMac(1)]), ...macsOf("r740-08", [slotMac(8)])],
  jobs: [{ id: "j1", kind: "apply-host", state: "succeeded", reason: undefined }],
  examination: healthyLook,
  silence: undefined,
};

type Change = (facts: HostFacts) => HostFacts;

const inventory =
  (change: (inventory: Inventory) => Inventory): Change =>
  (facts) => ({ ...facts, inventory: facts.inventory && change(facts.inventory) });
const pf = (change: (pf: Pf) => Pf): Change => inventory((each) => mapPf(each, change));
const vf = (change: (vf: Vf) => Vf): Change => inventory((each) => mapVf(each, 0, change));
const look =
  (change: Partial<Examination>): Change =>
  (facts) => ({ ...facts, examination: { ...healthyLook, ...change } });
const log = (line: string): Change => look({ kernelMessages: [`[   12.000000] ${line}`] });
const system = (change: Partial<SystemFacts>): Change =>
  inventory((each) => ({ ...each, system: { ...healthySystem, ...change } }));
const driver = (change: Partial<DriverInfo>): Change =>
  inventory((each) => ({
    ...each,
    nics: each.nics.map((nic) => ({ ...nic, driverInfo: { ...healthyDriver, ...change } })),
  }));
const netdev = (name: string, change: Partial<NonNullable<Examination["netdevs"]>[number]>) =>
  look({
    netdevs: (healthyLook.netdevs ?? []).map((each) =>
      each.name === name ? { ...each, ...change } : each,
    ),
  });
const bridge = (
  change: (bridge: NonNullable<Inventory["ovs"]>["bridges"][number]) => object,
): Change =>
  inventory((each) => ({
    ...each,
    ovs: each.ovs && {
      ...each.ovs,
      bridges: each.ovs.bridges.map((one) => ({ ...one, ...change(one) })),
    },
  }));
const placed =
  (change: (vm: PlacedVm) => object): Change =>
  (facts) => ({
    ...facts,
    vms: facts.vms.map((vm) => ({ ...vm, ...change(vm) })),
  });
const qemu = (change: object, nic: object = {}): Change =>
  look({
    vms: (healthyLook.vms ?? []).map((vm) => ({
      ...vm,
      ...change,
      nics: vm.nics.map((each) => ({ ...each, ...nic })),
    })),
  });
const datapath =
  (change: object): Change =>
  (facts) => ({
    ...facts,
    desired: buildHostDesired(buildDatapath(change)),
  });
const observedVm = (change: object): Change =>
  inventory((each) => ({ ...each, vms: each.vms.map((vm) => ({ ...vm, ...change })) }));

const BOND = {
  name: "bond0",
  mode: "802.3ad",
  ports: [{ kind: "port", port: 1 }],
} as const;

const bare: Change = (facts) => ({
  ...facts,
  inventory: buildBareR740(),
  vms: [],
});

/** A host in a state in which the check does not pass, and how bad it finds it. */
const BAD: Readonly<Record<HostCheckId, readonly [Extract<CheckStatus, "warn" | "fail">, Change]>> =
  {
    "AGENT-ALIVE": [
      "fail",
      (facts) => ({
        ...facts,
        presence: { state: "lost", lastSeenAtMs: NOW_MS - 120_000 },
      }),
    ],
    "AGENT-ANSWER": [
      "fail",
      (facts) => ({ ...facts, examination: undefined, silence: "no answer within 20 s" }),
    ],
    "AGENT-INVENTORY": [
      "fail",
      inventory((each) => ({
        ...each,
        findings: [
          {
            reason: "COMMAND_FAILED",
            severity: "error",
            message: "NICs could not be read: devlink ended with status 1",
            found: "status 1",
            needs: "an answer",
            fix: "Install devlink.",
            unread: "NICs",
          },
        ],
      })),
    ],
    "AGENT-LEDGER": [
      "fail",
      look({ agent: { ledgerTrouble: "LEDGER_FULL", unfinishedJobCount: 0 } }),
    ],
    "AGENT-JOBS": [
      "fail",
      (facts) => ({
        ...facts,
        jobs: [{ id: "j2", kind: "apply-host", state: "needs-operator", reason: undefined }],
      }),
    ],
    "PROFILE-MATCH": ["warn", (facts) => ({ ...facts, matchingProfiles: ["a", "b"] })],
    "PROFILE-DRIFT": ["fail", pf((each) => ({ ...each, link: { ...each.link, isUp: false } }))],
    "PROFILE-PLAN": ["fail", datapath({ vfCount: 100 })],
    A01: ["fail", inventory((each) => ({ ...each, accelerator: "tcg" }))],
    A02: ["fail", inventory((each) => ({ ...each, iommuGroupCount: 0 }))],
    A03: ["warn", look({ kernelCommandLine: "root=/dev/sda1 ro iommu=pt" })],
    A04: ["fail", pf((each) => ({ ...each, totalVfs: 0 }))],
    A06: ["fail", datapath({ vfCount: 9 })],
    A07: ["fail", log("mlx5_core 0000:82:00.0: not enough MMIO resources for SR-IOV")],
    A08: [
      "fail",
      log("mlx5_core 0000:82:00.0: can't enable 64 VFs (bus 83 out of range of [bus 82])"),
    ],
    A09: [
      "fail",
      look({ functions: [{ pciAddress: "0000:82:00.0", isVf: false, driver: undefined }] }),
    ],
    A10: [
      "fail",
      look({ blockedProcesses: [{ pid: 77, command: "vdpa", waitsIn: "vhost_vdpa_remove" }] }),
    ],
    A11: ["warn", log('audit: type=1400 avc:  denied  { read } for pid=4242 comm="qemu-kvm"')],
    A12: [
      "warn",
      inventory((each) => ({ ...each, machine: { ...each.machine, model: "PowerEdge R630" } })),
    ],
    "HOST-CLOCK": ["fail", look({ observedAtMs: NOW_MS - 3_600_000 })],
    "HOST-TIME": ["warn", system({ isTimeSynchronized: false })],
    "HOST-DISK": [
      "fail",
      system({ disks: [{ path: "/var", sizeBytes: 100 * GIB, availableBytes: 0.2 * GIB }] }),
    ],
    "HOST-REBOOT": ["warn", system({ rebootRequiredBy: ["kernel"] })],
    "QEMU-VERSION": ["fail", inventory((each) => ({ ...each, qemuVersion: "4.2.1" }))],
    "HOST-MEMORY": ["fail", inventory((each) => ({ ...each, memoryBytes: 2 * GIB }))],
    "HOST-NIC": ["fail", inventory((each) => ({ ...each, nics: [] }))],
    "MGMT-PATH": ["fail", pf((each) => ({ ...each, carriesManagement: true }))],
    B06: [
      "warn",
      inventory((each) => ({
        ...each,
        nics: each.nics.map((nic) => ({
          ...nic,
          firmware: { running: firmware(OLD_FIRMWARE), stored: nic.firmware!.stored },
        })),
      })),
    ],
    B10: ["fail", log("mlx5_ib: disagrees about version of symbol mlx5_core_access_reg")],
    B11: ["fail", log("Loading of module mlx5_core: Key was rejected by service")],
    B12: ["warn", driver({ loaded: { version: undefined } })],
    B13: ["fail", driver({ onDisk: [] })],
    C01: [
      "fail",
      inventory((each) => ({
        ...each,
        nics: each.nics.map((nic) => ({
          ...nic,
          firmware: { running: firmware(OLD_FIRMWARE), stored: firmware(OLD_FIRMWARE) },
        })),
      })),
    ],
    C02: ["warn", pf((each) => ({ ...each, eswitchMode: "legacy" }))],
    C04: ["fail", netdev("enp130s0f1np1", { filters: { count: 3, notInHardwareCount: 0 } })],
    C06: [
      "warn",
      log("CREATE_FLOW_TABLE(0x930) op_mod(0x0) failed, syndrome (0x98afbb), err(-22)"),
    ],
    C08: ["fail", pf((each) => ({ ...each, eswitchMode: "legacy", vfCount: 0, vfs: [] }))],
    C10: ["fail", vf((each) => ({ ...each, representor: { ...each.representor!, isUp: false } }))],
    C12: [
      "fail",
      look({ functions: [{ pciAddress: "0000:82:00.1", isVf: false, driver: "mlx5_vfio_pci" }] }),
    ],
    "VF-COUNT": ["fail", pf((each) => ({ ...each, vfCount: 1, vfs: each.vfs.slice(0, 1) }))],
    "VF-READY": ["fail", vf((each) => ({ ...each, representor: undefined }))],
    "LINK-CARRIER": [
      "fail",
      pf((each) => ({ ...each, link: { ...each.link, hasCarrier: false } })),
    ],
    "LINK-VF": [
      "warn",
      (facts) =>
        netdev("enp130s0f0v0", { isUp: false })(
          vf((each) => ({ ...each, vdpa: undefined }))(facts),
        ),
    ],
    F14: ["fail", vf((each) => ({ ...each, driver: "vfio-pci" }))],
    D01: ["fail", vf((each) => ({ ...each, mgmtdev: undefined }))],
    D02: ["fail", inventory((each) => ({ ...each, modules: ["mlx5_core"] }))],
    D06: ["warn", datapath({ maxVqp: 33 })],
    D08: ["warn", vf((each) => ({ ...each, vdpa: { ...each.vdpa!, maxVqs: 17 } }))],
    D09: ["fail", vf((each) => ({ ...each, vdpa: { ...each.vdpa!, vhostPath: undefined } }))],
    D10: ["fail", observedVm({ nics: [{ mac: slotMac(0), vhostPath: "/dev/vhost-vdpa-1" }] })],
    D11: [
      "fail",
      look({ vhostHolders: [{ path: "/dev/vhost-vdpa-1", pid: 99, command: "qemu" }] }),
    ],
    D12: [
      "fail",
      (facts) => ({ ...facts, macs: [...facts.macs, ...macsOf("r740-09", [slotMac(0)])] }),
    ],
    D13: ["fail", observedVm({ nics: [{ mac: slotMac(9), vhostPath: "/dev/vhost-vdpa-0" }] })],
    D14: ["fail", vf((each) => ({ ...each, adminMac: parseMacAddress("00:11:22:33:44:00") }))],
    D15: [
      "warn",
      vf((each) => ({ ...each, vdpa: { ...each.vdpa!, negotiatedFeatures: undefined } })),
    ],
    D16: ["warn", log("mlx5_vdpa mlx5_core.vnet.2: create MR failed")],
    F01: ["fail", observedVm({ nics: [{ mac: slotMac(0), vhostPath: "/dev/vhost-vdpa-7" }] })],
    "VDPA-SLOTS": ["fail", vf((each) => ({ ...each, vdpa: { ...each.vdpa!, mac: slotMac(9) } }))],
    E01: [
      "warn",
      look({
        flows: {
          offloadedCount: 1,
          softwareCount: 9,
          software: [{ inPort: "eth0", actions: "enp130s0f0np0" }],
        },
      }),
    ],
    E02: [
      "fail",
      inventory((each) => ({ ...each, ovs: each.ovs && { ...each.ovs, isRestartPending: true } })),
    ],
    E03: ["warn", netdev("enp130s0f0np0", { filters: { count: 4, notInHardwareCount: 2 } })],
    E04: [
      "warn",
      bridge((one) => ({
        ports: [...one.ports, { name: "tap0", ofport: 9, error: undefined, linkState: "up" }],
      })),
    ],
    E05: ["fail", netdev("enp130s0f0np0", { hasTcOffload: false })],
    E06: ["warn", netdev("enp130s0f0np0", { hasIngressQdisc: false })],
    E09: [
      "fail",
      bridge((one) => ({
        ports: [
          ...one.ports,
          {
            name: "eth9",
            ofport: -1,
            error: "could not open network device eth9 (No such device)",
            linkState: undefined,
          },
        ],
      })),
    ],
    E10: [
      "fail",
      inventory((each) => ({ ...each, ovs: each.ovs && { ...each.ovs, isRunning: false } })),
    ],
    E14: [
      "fail",
      pf((each) => ({ ...each, link: { ...each.link, addresses: [cidr("192.168.101.7/24")] } })),
    ],
    "BRIDGE-OURS": ["fail", bridge(() => ({ isOurs: false }))],
    "BRIDGE-UP": ["fail", bridge(() => ({ isUp: false }))],
    "LINT-ONE-BRIDGE": ["fail", bridge((one) => ({ ports: one.ports.slice(1) }))],
    "LINT-BOND": ["fail", datapath({ bond: BOND })],
    "LINT-MTU": [
      "fail",
      vf((each) => ({ ...each, representor: { ...each.representor!, mtu: 9000 } })),
    ],
    "OVS-FDB": ["warn", look({ learned: [] })],
    F02: ["fail", qemu({ memoryLock: 8 * 1024 ** 2 })],
    F04: ["warn", qemu({}, { hasMultiqueue: false })],
    F05: ["warn", qemu({}, { vectors: 4 })],
    "VM-STATE": [
      "fail",
      observedVm({ state: "failed", reason: "process 4242 ended without a word" }),
    ],
    "VM-UNKNOWN": ["warn", (facts) => ({ ...facts, vms: [] })],
    "VM-AGENT": ["warn", observedVm({ isGuestAgentUp: false })],
    "LINT-QUEUES-DEVICE": ["fail", placed(({ spec }) => ({ spec: { ...spec, queuePairs: 32 } }))],
    "LINT-QUEUES-VCPUS": ["fail", placed(({ spec }) => ({ spec: { ...spec, vcpuCount: 2 } }))],
    "LINT-BRIDGE-ADDRESS": [
      "fail",
      (facts) => ({ ...facts, bridgeAddresses: [cidr("192.168.101.21/24")] }),
    ],
    G01: [
      "warn",
      pf((each) => ({
        ...each,
        pciLink: { speedGtps: 8, width: 8, maxSpeedGtps: 16, maxWidth: 16 },
      })),
    ],
    G02: ["warn", pf((each) => ({ ...each, numaNode: -1 }))],
  };

const resultOf = (id: HostCheckId, facts: HostFacts) => {
  const [result] = diagnoseHost(facts, new Set([id]));
  assert.ok(result !== undefined, `${id} did not run`);
  return result;
};

describe("diagnoseHost", () => {
  it("passes every check on the seed's host with a VM that answers", () => {
    const others = diagnoseHost(healthy).filter(({ status }) => status !== "pass");
    // Nothing is said of a bond that nobody asks for.
    assert.deepEqual(
      others.map(({ id, status }) => [id, status]),
      [["LINT-BOND", "skip"]],
    );
    assert.equal(diagnoseHost(healthy).length, Object.keys(CHECKS_OF_HOST).length);
    assert.ok(HOST_CHECK_IDS.length >= 40);
  });

  for (const id of HOST_CHECK_IDS) {
    const [status, change] = BAD[id];
    it(`${id} finds a host on which it does not hold that ${CHECKS_OF_HOST[id].title}`, () => {
      const result = resultOf(id, change(healthy));
      assert.equal(result.status, status, result.evidence.join("; "));
      assert.ok(result.evidence.length > 0 && result.evidence.every((text) => text !== ""));
      assert.ok(result.causes.length > 0);
      assert.notEqual(result.fix, "");
    });
  }

  it("skips what it can't know: a host that never reported and can't be asked", () => {
    const nothing: HostFacts = {
      host: HOST,
      nowMs: NOW_MS,
      presence: { state: "enrolled", lastSeenAtMs: undefined },
      inventory: undefined,
      matchingProfiles: [],
      desired: undefined,
      desireTrouble: undefined,
      isApplied: false,
      vms: [],
      networks: {},
      bridgeAddresses: [],
      macs: [],
      jobs: [],
      examination: undefined,
      silence: "no answer",
    };
    const told = diagnoseHost(nothing).filter(({ status }) => status !== "skip");
    assert.deepEqual(told.map(({ id, status }) => `${id} ${status}`).sort(), [
      "AGENT-ALIVE warn",
      "AGENT-ANSWER fail",
      "PROFILE-MATCH warn",
    ]);
  });

  it("skips what a failed read left empty, with the failure as the reason", () => {
    const facts = BAD["AGENT-INVENTORY"][1]({
      ...healthy,
      inventory: { ...healthyInventory(), nics: [] },
    });
    for (const id of ["HOST-NIC", "A04", "C10", "D01"] as const) {
      const { status, evidence } = resultOf(id, facts);
      assert.equal(status, "skip", id);
      assert.match(evidence[0] ?? "", /NICs could not be read/);
    }
  });

  it("never passes what only a look at the host tells while there was none", () => {
    const facts: HostFacts = {
      ...healthy,
      examination: undefined,
      silence: "no answer within 20 s",
    };
    const lookedAt = ["A03", "A07", "A10", "C04", "D11", "E01", "E05", "F02", "OVS-FDB"];
    for (const { id, status, evidence } of diagnoseHost(facts)) {
      if (!lookedAt.includes(id)) continue;
      assert.equal(status, "skip", id);
      assert.deepEqual(evidence, ["no answer within 20 s"], id);
    }
  });

  it("warns of what a profile that was never applied asks for, and offers its plan as the fix", () => {
    const facts = { ...bare(healthy), isApplied: false };
    const drift = resultOf("PROFILE-DRIFT", facts);
    assert.equal(drift.status, "warn");
    assert.equal(drift.safeFix, "apply-profile");
    assert.equal(resultOf("C08", facts).status, "warn");
    assert.equal(resultOf("C10", facts).status, "skip");
  });

  it("tells the fix that fits best: a reboot where newer firmware is stored", () => {
    const result = resultOf(
      "C01",
      inventory((each) => ({
        ...each,
        nics: each.nics.map((nic) => ({
          ...nic,
          firmware: { running: firmware(OLD_FIRMWARE), stored: nic.firmware!.stored },
        })),
      }))(healthy),
    );
    assert.match(result.fix, /^Reboot the host/);
  });

  it("fails the plan of a profile that can't be made concrete", () => {
    const facts = { ...healthy, desired: undefined, desireTrouble: "no free bridge address" };
    const { status, evidence } = resultOf("PROFILE-PLAN", facts);
    assert.deepEqual([status, evidence], ["fail", ["no free bridge address"]]);
  });

  it("passes a bond whose ports are joined and in switchdev mode, and takes it for them in the bridge", () => {
    const uplinks = ["enp130s0f0np0", "enp130s0f1np1"];
    const bonded = inventory((each) => ({
      ...each,
      nics: each.nics.map((nic) => ({
        ...nic,
        pfs: nic.pfs.map((pf) => ({ ...pf, eswitchMode: "switchdev" as const })),
      })),
      bonds: [
        {
          name: "bond0",
          mode: "802.3ad",
          isOurs: true,
          isUp: true,
          hasCarrier: true,
          ports: uplinks,
        },
      ],
    }));
    const plugged = bridge((one) => ({
      ports: one.ports.map((port) =>
        port.name === uplinks[0] ? { ...port, name: "bond0" } : port,
      ),
    }));
    const facts = datapath({ bond: BOND })(plugged(bonded(healthy)));
    assert.equal(resultOf("LINT-BOND", facts).status, "pass");
    assert.equal(resultOf("LINT-ONE-BRIDGE", facts).status, "pass");
    assert.equal(resultOf("E04", facts).status, "pass");
  });

  it("bounds its evidence", () => {
    const holders = Array.from({ length: 300 }, (_, at) => ({
      path: `/dev/vhost-vdpa-${at}`,
      pid: 10_000 + at,
      command: "qemu",
    }));
    const { evidence } = resultOf("D11", look({ vhostHolders: holders })(healthy));
    assert.equal(evidence.length, 11);
    assert.equal(evidence.at(-1), "and 290 more");
  });
});

describe("worstStatus", () => {
  it("is the worst that was decided", () => {
    assert.equal(worstStatus([{ status: "pass" }, { status: "warn" }]), "warn");
    assert.equal(worstStatus([{ status: "fail" }, { status: "warn" }]), "fail");
    assert.equal(worstStatus([{ status: "skip" }]), "skip");
  });
});

describe("diagnoseHost of a host whose uplink is a bond", () => {
  it("finds bond, ports and slots of both ports as they should be", () => {
    const slots = ["0000:82:00.0", "0000:82:00.1"].flatMap((pf, port) =>
      [0, 1].map((vfIndex) => ({
        pf: pciAddress(pf),
        vfIndex,
        mac: slotMac(8 * port + vfIndex),
      })),
    );
    const wanted = buildHostDesired(
      buildDatapath({
        bond: { name: "bond0", mode: "802.3ad", ports: [{ kind: "port", port: 1 }] },
        slots,
      }),
    );
    const inventory = applySteps(buildBareR740(), planHost(wanted, buildBareR740()).steps);
    const facts = { ...healthy, desired: wanted, inventory };
    for (const id of ["VDPA-SLOTS", "E04", "LINT-ONE-BRIDGE"] as const) {
      const [result] = diagnoseHost(facts, new Set([id]));
      assert.equal(result?.status, "pass", `${id}: ${result?.evidence.join("; ")}`);
    }
  });
});
