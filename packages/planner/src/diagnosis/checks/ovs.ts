import {
  type Bridge,
  type CHECKS_OF_HOST,
  type ExaminedNetdev,
  findVf,
  type Inventory,
  type Ovs,
} from "@switchyard/model";
import { asVdpa } from "../../host/datapath/datapath-findings.ts";
import { type PfView, selectUplink, viewPfs } from "../../host/datapath/pf-view.ts";
import { findPort, isBroken, pluggedPorts } from "../../host/datapath/ports.ts";
import { createSoftwareJudge } from "../../offload/why-software.ts";
import type { HostFacts } from "../facts.ts";
import { portName, switchNetdevs, withPorts, withSwitchdev } from "../ports.ts";
import {
  fail,
  failOn,
  type HostCheck,
  pass,
  skip,
  type Verdict,
  warn,
  warnOn,
  withLook,
  withParts,
} from "../verdict.ts";
import { devicesOf, withVms } from "./vdpa.ts";

/** Share of flows between ports of the card that must run in hardware. */
const OFFLOADED_SHARE_MIN = 0.9;

/** A check of Open vSwitch as it runs. */
const withOvs = (check: (ovs: Ovs, inventory: Inventory, facts: HostFacts) => Verdict): HostCheck =>
  withParts(["ovs"], (inventory, facts) => {
    const { ovs } = inventory;
    if (ovs === undefined) return skip("Open vSwitch is not installed");
    return ovs.isRunning
      ? check(ovs, inventory, facts)
      : skip("Open vSwitch does not run: see E10");
  });

/** The profile's bridge, or where no profile says so the one that carries the uplink. */
function datapathBridge(
  { ovs }: Inventory,
  { desired }: HostFacts,
  ports: readonly PfView[],
): Bridge | undefined {
  const name = asVdpa(desired?.datapath)?.bridge.name;
  const carries = (bridge: Bridge) =>
    bridge.ports.some((port) => ports.some(({ pf }) => pf.link.netdev === port.name));
  return ovs?.bridges.find((bridge) =>
    name === undefined ? carries(bridge) : bridge.name === name,
  );
}

/** A check of ports in switchdev mode while Open vSwitch runs. */
const withDatapath = (
  check: (ports: readonly PfView[], inventory: Inventory, facts: HostFacts) => Verdict,
): HostCheck =>
  withSwitchdev(["ovs"], (ports, inventory, facts) =>
    inventory.ovs?.isRunning
      ? check(ports, inventory, facts)
      : skip("Open vSwitch does not run: see E10"),
  );

/** Looks of netdevs of the datapath, while hardware offload is in effect. */
const withOffload = (check: (netdevs: readonly ExaminedNetdev[]) => Verdict): HostCheck =>
  withDatapath((ports, inventory, facts) => {
    if (!inventory.ovs?.hwOffload) return skip("hw-offload is off");
    const names = new Set(switchNetdevs(ports));
    return withLook("netdevs", (all) => {
      const netdevs = all.filter(({ name }) => names.has(name));
      return netdevs.length === 0 ? skip("no port of the datapath was seen") : check(netdevs);
    })(facts);
  });

const running = withParts(["ovs"], ({ ovs }) => {
  if (ovs === undefined)
    return fail(["no ovs-vsctl on the host"], "Install the openvswitch package.");
  return ovs.isRunning
    ? pass(`Open vSwitch ${ovs.version}`)
    : fail([`Open vSwitch ${ovs.version} is installed and does not run`]);
});

/** The flow by which offload was proven first. */
const proofOf = ({ inventory, examination }: HostFacts): readonly string[] => {
  const proof = examination?.offloadProof ?? inventory?.offloadProof;
  return proof === undefined ? [] : [`proven by a flow from ${proof.inPort} to ${proof.outPort}`];
};

const offloaded = withDatapath((_ports, inventory, facts) => {
  if (!inventory.ovs?.hwOffload) return skip("hw-offload is off");
  return withLook("flows", ({ offloadedCount, softwareCount, software }) => {
    const count = offloadedCount + softwareCount;
    if (count === 0) return skip("no flow between ports of the card is active");
    const text = `${offloadedCount} of ${count} flows in hardware`;
    if (offloadedCount / count >= OFFLOADED_SHARE_MIN) return pass(text, ...proofOf(facts));
    const judge = createSoftwareJudge({ inventory, examination: facts.examination ?? {} });
    const shown = software.map(
      (flow) => `in software: ${flow.inPort} to ${flow.actions}: ${judge(flow).explanation}`,
    );
    return warn([text, ...shown]);
  })(facts);
});

const offloadInEffect = withOvs(({ hwOffload, isRestartPending }, _inventory, { desired }) => {
  const wanted = asVdpa(desired?.datapath)?.hwOffload;
  const found = `hw-offload=${hwOffload}`;
  if (isRestartPending) return fail([`${found}, and Open vSwitch was not restarted since`]);
  if (wanted !== undefined && wanted !== hwOffload) {
    return warn([`${found}, the profile wishes ${wanted}`]);
  }
  return pass(found);
});

const rulesInHardware = withOffload((netdevs) => {
  const told = netdevs.flatMap(({ name, filters }) => (filters ? [{ name, ...filters }] : []));
  if (told.length === 0) return skip("the rules on the ports could not be read");
  return warnOn(
    told
      .filter(({ notInHardwareCount }) => notInHardwareCount > 0)
      .map(
        ({ name, count, notInHardwareCount }) =>
          `${name}: ${notInHardwareCount} of ${count} not_in_hw`,
      ),
    `${told.reduce((sum, { count }) => sum + count, 0)} rules, all in hardware`,
  );
});

/** The bond that stands for a port in the bridge. */
const bondOf = ({ bonds }: Inventory, netdev: string): string | undefined =>
  bonds?.find(({ ports }) => ports.includes(netdev))?.name;

const foreignToCard = withDatapath((ports, inventory, facts) => {
  const bridge = datapathBridge(inventory, facts, ports);
  if (bridge === undefined) return skip("the datapath has no bridge yet");
  const [first] = ports;
  const card = inventory.nics.find((nic) =>
    nic.pfs.some(({ pciAddress }) => pciAddress === first?.pf.pciAddress),
  );
  const known = new Set(
    (card?.pfs ?? []).flatMap((pf) => [
      bondOf(inventory, pf.link.netdev) ?? pf.link.netdev,
      ...pf.vfs.flatMap(({ representor }) => representor?.netdev ?? []),
    ]),
  );
  const plugged = pluggedPorts(bridge);
  return warnOn(
    plugged
      .filter((port) => !known.has(port.name) && !isBroken(port))
      .map(({ name }) => `${name} on ${bridge.name} is no port of the card`),
    plugged.map(({ name }) => name).join(", "),
  );
});

const tcOffload = withOffload((netdevs) => {
  const told = netdevs.filter(({ hasTcOffload }) => hasTcOffload !== undefined);
  if (told.length === 0) return skip("hw-tc-offload could not be read");
  return failOn(
    told
      .filter(({ hasTcOffload }) => !hasTcOffload)
      .map(({ name }) => `${name}: hw-tc-offload is off`),
    told.map(({ name }) => name).join(", "),
  );
});

const ingressQdiscs = withOffload((netdevs) => {
  const told = netdevs.filter(({ hasIngressQdisc }) => hasIngressQdisc !== undefined);
  if (told.length === 0) return skip("the qdiscs could not be read");
  return warnOn(
    told
      .filter(({ hasIngressQdisc }) => !hasIngressQdisc)
      .map(({ name }) => `${name} has no ingress qdisc`),
    told.map(({ name }) => name).join(", "),
  );
});

const openPorts = withOvs(({ bridges }) => {
  const plugged = bridges.flatMap((bridge) =>
    pluggedPorts(bridge).map((port) => ({ bridge, port })),
  );
  return failOn(
    plugged
      .filter(({ port }) => isBroken(port))
      .map(
        ({ bridge, port }) =>
          `${port.name} on ${bridge.name}: ${port.error ?? `ofport ${port.ofport}`}`,
      ),
    `${plugged.length} ports`,
  );
});

const uplinkAddress = withPorts([], (ports) => {
  const addressed = ports.filter(({ pf }) => pf.link.addresses.length > 0);
  const [first] = addressed;
  return failOn(
    addressed.map((port) => `${port.pf.link.addresses.join(", ")} on ${portName(port)}`),
    ports.map(portName).join(", "),
    first && `ip addr del ${first.pf.link.addresses[0]} dev ${first.pf.link.netdev}`,
  );
});

const ownBridge = withOvs(({ bridges }, _inventory, { desired }) => {
  const wanted = asVdpa(desired?.datapath)?.bridge;
  if (wanted?.isAdopted) return pass(`${wanted.name} is taken as others made it`);
  const name = wanted?.name;
  if (name === undefined) return skip("no profile asks for a bridge");
  const bridge = bridges.find((each) => each.name === name);
  if (bridge === undefined) return skip(`there is no bridge ${name} yet`);
  return bridge.isOurs
    ? pass(`${name} is marked managed-by=switchyard`)
    : fail([`bridge ${name} has no mark of Switchyard`]);
});

const bridgeUp = withOvs(({ bridges }, _inventory, { desired, isApplied }) => {
  const wanted = asVdpa(desired?.datapath)?.bridge;
  if (wanted === undefined) return skip("no profile asks for a bridge");
  const bridge = bridges.find(({ name }) => name === wanted.name);
  const found = [
    ...(bridge === undefined ? [`there is no bridge ${wanted.name}`] : []),
    ...(bridge?.isUp === false ? [`${wanted.name} is down`] : []),
    ...(bridge !== undefined && wanted.address && !bridge.addresses.includes(wanted.address)
      ? [`${wanted.name} has ${bridge.addresses.join(", ") || "no address"}, not ${wanted.address}`]
      : []),
  ];
  if (found.length === 0) return pass(`${wanted.name} ${wanted.address ?? "without address"}`);
  return isApplied ? fail(found) : warn(found);
});

const oneBridge = withDatapath((ports, inventory) => {
  const places = switchNetdevs(ports).map((name) => ({
    name,
    bridge: findPort(inventory, bondOf(inventory, name) ?? name)?.bridge.name,
  }));
  const bridges = new Set(places.map(({ bridge }) => bridge));
  if (bridges.size === 1 && !bridges.has(undefined)) {
    return pass(`${places.length} ports in ${[...bridges].join(", ")}`);
  }
  const home = places.find(({ bridge }) => bridge !== undefined)?.bridge;
  return fail(
    places
      .filter(({ bridge }) => bridge === undefined || bridge !== home)
      .map(({ name, bridge }) =>
        bridge === undefined ? `${name} is in no bridge` : `${name} is in ${bridge}`,
      ),
  );
});

const bond = withParts(["nics"], (inventory, { desired }) => {
  const datapath = asVdpa(desired?.datapath);
  if (datapath?.bond === undefined) return skip("no profile asks for a bond");
  const { name, ports } = datapath.bond;
  const views = viewPfs(inventory);
  const wanted = [datapath.uplink, ...ports].flatMap((port) => selectUplink(views, port) ?? []);
  const observed = inventory.bonds?.find((each) => each.name === name);
  if (observed === undefined) return fail([`there is no bond ${name}`]);
  return failOn(
    wanted.flatMap((port) => [
      ...(observed.ports.includes(port.pf.link.netdev)
        ? []
        : [`${portName(port)} is not in ${name}`]),
      ...(port.pf.eswitchMode === "switchdev" ? [] : [`${portName(port)} is in legacy mode`]),
    ]),
    `${name}: ${observed.ports.join(", ")}`,
  );
});

const mtus = withSwitchdev([], (ports) =>
  failOn(
    ports.flatMap(({ pf }) =>
      pf.vfs.flatMap(({ representor }) =>
        representor !== undefined && representor.mtu > pf.link.mtu
          ? [`${representor.netdev} has MTU ${representor.mtu}, ${pf.link.netdev} ${pf.link.mtu}`]
          : [],
      ),
    ),
    ports.map((port) => `${portName(port)}: MTU ${port.pf.link.mtu}`).join(", "),
  ),
);

const learned = withVms((vms, inventory, facts) =>
  withLook("learned", (entries) => {
    const ready = vms.flatMap(({ placed }) =>
      devicesOf(inventory, placed)
        .filter(({ device }) => device?.negotiatedFeatures)
        .map(({ nic }) => ({ placed, nic })),
    );
    if (ready.length === 0) return skip("no guest has its driver up");
    const wrong = ready.flatMap(({ placed, nic }) => {
      const bridge = inventory.ovs?.bridges.find(({ name }) => name === nic.bridge);
      const entry = entries.find((each) => each.bridge === nic.bridge && each.mac === nic.mac);
      if (entry === undefined) return [`${nic.mac} of ${placed.vm} was not learnt`];
      const vf = findVf(inventory, nic.pf, nic.vfIndex);
      const own = bridge?.ports.find(({ name }) => name === vf?.representor?.netdev);
      const at =
        bridge?.ports.find(({ ofport }) => ofport === entry.ofport)?.name ?? "another port";
      return own?.ofport === entry.ofport
        ? []
        : [
            `${nic.mac} of ${placed.vm} was learnt on ${at}${entry.vlan === 0 ? "" : ` in VLAN ${entry.vlan}`}, not on ${own?.name ?? "its representor"}`,
          ];
    });
    return warnOn(wrong, `${ready.length} MACs of VMs`);
  })(facts),
);

/** @see CHECKS_OF_HOST for what each is about */
export const OVS_CHECK_RUNS = {
  E01: offloaded,
  E02: offloadInEffect,
  E03: rulesInHardware,
  E04: foreignToCard,
  E05: tcOffload,
  E06: ingressQdiscs,
  E09: openPorts,
  E10: running,
  E14: uplinkAddress,
  "BRIDGE-OURS": ownBridge,
  "BRIDGE-UP": bridgeUp,
  "LINT-ONE-BRIDGE": oneBridge,
  "LINT-BOND": bond,
  "LINT-MTU": mtus,
  "OVS-FDB": learned,
} as const satisfies Partial<Record<keyof typeof CHECKS_OF_HOST, HostCheck>>;
