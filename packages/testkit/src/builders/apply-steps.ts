import {
  type BiosAttributes,
  type Bond,
  type Bridge,
  type BridgePort,
  findPf,
  findVf,
  type Inventory,
  type LinkRef,
  type Mgmtdev,
  type Nic,
  type NicModeWish,
  type ObservedVm,
  type Ovs,
  type PciAddress,
  type Pf,
  type Step,
  type VdpaDevice,
  type Vf,
  type VfRef,
  vfPciAddress,
} from "@switchyard/model";
import { activateCard, applyFirmwareStep } from "./apply-firmware-step.ts";
import { applyHostStep } from "./apply-host-steps.ts";
import { applySystemStep, isSystemStep } from "./apply-system-step.ts";
import { bootHost } from "./boot-host.ts";
import { buildLink, slotMac } from "./values.ts";

/** Queue pairs that modelled mlx5 VFs offer. */
const MLX5_MAX_VQP = 32;

/**
 * The inventory as it would be after the steps: a small model of kernel and OVS, for tests of plans and of
 * what is made from inventories. Knows the order in which things work; a step that the kernel would refuse
 * throws.
 */
export const applySteps = (inventory: Inventory, steps: readonly Step[]): Inventory =>
  steps.reduce(applyStep, inventory);

/** Settings wait for the boot, which {@link applySteps} does not do. */
function withPendingBios(
  { bmc }: Inventory,
  attributes: BiosAttributes,
): Partial<Pick<Inventory, "bmc">> {
  refuseIf(bmc?.facts === undefined, "no BMC answers");
  if (bmc?.facts === undefined) return {};
  const pendingAttributes = { ...bmc.facts.pendingAttributes, ...attributes };
  return { bmc: { ...bmc, facts: { ...bmc.facts, pendingAttributes } } };
}

function withPendingModes(
  { bmc }: Inventory,
  functions: readonly NicModeWish[],
): Partial<Pick<Inventory, "bmc">> {
  refuseIf(bmc?.facts === undefined, "no BMC answers");
  if (bmc?.facts === undefined) return {};
  const nicFunctions = (bmc.facts.nicFunctions ?? []).map((each) => {
    const pendingMode = functions.find(({ id }) => id === each.id)?.mode ?? each.pendingMode;
    return { ...each, pendingMode: pendingMode === each.mode ? undefined : pendingMode };
  });
  return { bmc: { ...bmc, facts: { ...bmc.facts, nicFunctions } } };
}

function resetCard(inventory: Inventory, pf: PciAddress): Inventory {
  const isOfCard = (nic: Nic) => nic.pfs.some(({ pciAddress }) => pciAddress === pf);
  const hasVfs = inventory.nics.filter(isOfCard).some(({ pfs }) => pfs.some((p) => p.vfCount > 0));
  refuseIf(hasVfs, "the card has VFs");
  const reset = (nic: Nic): Nic => {
    const card = activateCard(nic);
    const down = (port: Pf): Pf => ({
      ...port,
      eswitchMode: "legacy",
      link: { ...port.link, isUp: false },
    });
    return { ...card, pfs: card.pfs.map(down) };
  };
  return { ...inventory, nics: inventory.nics.map((nic) => (isOfCard(nic) ? reset(nic) : nic)) };
}

function applyStep(inventory: Inventory, step: Step): Inventory {
  if (isSystemStep(step)) return applySystemStep(inventory, step);
  switch (step.kind) {
    case "ensureArtefact":
      return inventory;
    case "ensureFirmwareStored":
    case "ensureFirmwareConfig":
      return applyFirmwareStep(inventory, step);
    case "ensureBiosSettings":
      return { ...inventory, ...withPendingBios(inventory, step.arguments.attributes) };
    case "ensureNicVirtualization":
      return { ...inventory, ...withPendingModes(inventory, step.arguments.functions) };
    case "ensureModules":
      return { ...inventory, modules: [...inventory.modules, ...step.arguments.modules] };
    case "ensureVfCount":
      return setVfCount(inventory, step.arguments.pf, step.arguments.count);
    case "ensureEswitchMode":
      return mapPf(inventory, step.arguments.pf, (pf) => {
        refuseIf(pf.vfCount > 0, "VFs are present");
        refuseIf(isPlugged(inventory, pf.link.netdev), "the uplink is still in OVS");
        const bond = inventory.bonds?.find(({ ports }) => ports.includes(pf.link.netdev));
        refuseIf(bond !== undefined && isPlugged(inventory, bond.name), "the bond is still in OVS");
        return { ...pf, eswitchMode: step.arguments.mode };
      });
    case "ensureVfDriver":
      return mapVf(inventory, step.arguments.vf, (vf, nic) => {
        refuseIf(vf.vdpa !== undefined, "the VF still carries a vDPA device");
        return withMgmtdev(nic, { ...vf, driver: step.arguments.driver });
      });
    case "ensureVfAdminMac":
      return mapVf(inventory, step.arguments.vf, (vf) => ({
        ...vf,
        adminMac: step.arguments.mac,
      }));
    case "ensurePfClaim":
      return mapPf(inventory, step.arguments.pf, (pf) => ({
        ...pf,
        isClaimed: step.arguments.isClaimed,
      }));
    case "ensureVdpaDevice":
      return addVdpaDevice(inventory, step.arguments);
    case "ensureNoVdpaDevice":
      return mapVf(inventory, step.arguments.vf, (vf) => ({ ...vf, vdpa: undefined }));
    case "ensureBond":
      return addBond(inventory, step.arguments);
    case "ensureNoBond":
      refuseIf(isPlugged(inventory, step.arguments.bond), "the bond is still in OVS");
      return {
        ...inventory,
        bonds: (inventory.bonds ?? []).filter(({ name }) => name !== step.arguments.bond),
      };
    case "ensureLinkState":
      return setLink(inventory, step.arguments.link, step.arguments.isUp);
    case "ensureOvsRunning":
      return mapOvs(inventory, (ovs) => ({ ...ovs, isRunning: true }));
    case "ensureHwOffload":
      return mapOvs(inventory, (ovs) => ({
        ...ovs,
        hwOffload: step.arguments.isEnabled,
        isRestartPending: false,
      }));
    case "ensureBridge":
      return mapOvs(inventory, (ovs) => ({
        ...ovs,
        bridges: [...ovs.bridges, emptyBridge(step.arguments.bridge)],
      }));
    case "ensureNoBridge":
      return mapOvs(inventory, (ovs) => ({
        ...ovs,
        bridges: ovs.bridges.filter(({ name }) => name !== step.arguments.bridge),
      }));
    case "ensureBridgePort":
      return addPort(inventory, step.arguments.bridge, step.arguments.link);
    case "ensureNoBridgePort":
      return mapBridge(inventory, step.arguments.bridge, (bridge) => ({
        ...bridge,
        ports: bridge.ports.filter(({ name }) => name !== netdevOf(inventory, step.arguments.link)),
      }));
    case "ensureBridgeAddress":
      return mapBridge(inventory, step.arguments.bridge, (bridge) => ({
        ...bridge,
        addresses: [step.arguments.address],
      }));
    case "ensurePortVlan":
    case "ensurePortLimits":
      return setPort(inventory, step);
    case "ensureLinkMtu":
      return setMtu(inventory, step.arguments.link, step.arguments.mtu);
    case "ensureAntiSpoof":
    case "ensureNoAntiSpoof":
    case "ensureVfPortSettings":
      return inventory;
    case "ensureVmRunning":
      return startVm(inventory, step.arguments.vm);
    case "ensureVmStopped":
      return { ...inventory, vms: inventory.vms.filter(({ vm }) => vm !== step.arguments.vm) };
    case "ensureCardReset":
      return resetCard(inventory, step.arguments.pf);
    case "ensureDriverInstalled":
    case "ensureDriverLoaded":
    case "ensureQemuBuilt":
    case "ensureQemuLink":
    case "ensureLibvirtUser":
      return applyHostStep(inventory, step);
    case "ensureRebooted":
      return bootHost(inventory);
    case "ensureVcpusPinned": {
      const { vm, cpus } = step.arguments;
      const pin = (each: ObservedVm) => (each.vm === vm ? { ...each, pinnedCpus: cpus } : each);
      return { ...inventory, vms: inventory.vms.map(pin) };
    }
    case "ensureImage":
    case "ensureOverlay":
    case "ensureDiskCopy":
    case "ensureVmAwaited":
    case "ensureVmMigrated":
    case "ensureVmResumed":
    case "ensureVmKept":
    case "tellMigration":
    case "ensurePoweredOff":
    case "sealDisk":
    case "ensureDiskSize":
    case "ensureSeed":
    case "ensureDiskEdited":
    case "ensureNoOverlay":
    case "ensureGuestAddress":
    case "pingFromGuest":
    case "noop":
      return inventory;
  }
}

function refuseIf(condition: boolean, why: string): void {
  if (condition) throw new Error(`the modelled kernel refuses: ${why}`);
}

function mapNics(inventory: Inventory, map: (pf: Pf, nic: Nic) => Pf): Inventory {
  const nics = inventory.nics.map((nic) => ({ ...nic, pfs: nic.pfs.map((pf) => map(pf, nic)) }));
  return { ...inventory, nics };
}

const mapPf = (
  inventory: Inventory,
  address: PciAddress,
  map: (pf: Pf, nic: Nic) => Pf,
): Inventory => mapNics(inventory, (pf, nic) => (pf.pciAddress === address ? map(pf, nic) : pf));

function mapVf(inventory: Inventory, ref: VfRef, map: (vf: Vf, nic: Nic) => Vf): Inventory {
  return mapPf(inventory, ref.pf, (pf, nic) => {
    refuseIf(!pf.vfs.some(({ index }) => index === ref.index), `there is no VF ${ref.index}`);
    return { ...pf, vfs: pf.vfs.map((vf) => (vf.index === ref.index ? map(vf, nic) : vf)) };
  });
}

function mapOvs(inventory: Inventory, map: (ovs: Ovs) => Ovs): Inventory {
  if (inventory.ovs === undefined) throw new Error("the modelled host has no Open vSwitch");
  return { ...inventory, ovs: map(inventory.ovs) };
}

const mapBridge = (
  inventory: Inventory,
  name: string,
  map: (bridge: Bridge) => Bridge,
): Inventory =>
  mapOvs(inventory, (ovs) => {
    refuseIf(!ovs.isRunning, "Open vSwitch is stopped");
    refuseIf(!ovs.bridges.some((bridge) => bridge.name === name), `there is no bridge ${name}`);
    return {
      ...ovs,
      bridges: ovs.bridges.map((bridge) => (bridge.name === name ? map(bridge) : bridge)),
    };
  });

const emptyBridge = (name: string): Bridge => ({
  name,
  isOurs: true,
  isUp: false,
  addresses: [],
  ports: [],
});

const isPlugged = (inventory: Inventory, netdev: string): boolean =>
  (inventory.ovs?.bridges ?? []).some(({ ports }) => ports.some(({ name }) => name === netdev));

function netdevOf(inventory: Inventory, link: LinkRef): string {
  if (link.kind === "netdev") return link.netdev;
  const address = link.kind === "pf" ? link.pf : link.vf.pf;
  const pf = findPf(inventory, address)?.pf;
  const vf = pf?.vfs.find(({ index }) => link.kind !== "pf" && index === link.vf.index);
  const ofVf = link.kind === "vf" ? vf?.netdev : vf?.representor?.netdev;
  const netdev = link.kind === "pf" ? pf?.link.netdev : ofVf;
  if (netdev === undefined) throw new Error(`no netdev for ${JSON.stringify(link)}`);
  return netdev;
}

function addBond(
  inventory: Inventory,
  { bond, mode, ports }: Extract<Step, { kind: "ensureBond" }>["arguments"],
): Inventory {
  const { bonds = [] } = inventory;
  const pfs = ports.map((address) => findPf(inventory, address)?.pf);
  for (const pf of pfs) {
    refuseIf(pf === undefined, "there is no such port");
    refuseIf(pf?.eswitchMode === "switchdev" || pf?.vfCount !== 0, "the port is in use");
    const netdev = pf?.link.netdev ?? "";
    refuseIf(isPlugged(inventory, netdev), "the port is still in OVS");
    refuseIf(
      bonds.some((other) => other.ports.includes(netdev)),
      "the port is in another bond",
    );
  }
  refuseIf(
    bonds.some(({ name }) => name === bond),
    "there is such a bond",
  );
  const names = pfs.flatMap((pf) => pf?.link.netdev ?? []).sort();
  const made = { name: bond, mode, isOurs: true, isUp: false, hasCarrier: true, ports: names };
  return { ...inventory, bonds: [...bonds, made] };
}

function addPort(inventory: Inventory, bridge: string, link: LinkRef): Inventory {
  const name = netdevOf(inventory, link);
  refuseIf(isPlugged(inventory, name), `${name} is in a bridge already`);
  return mapBridge(inventory, bridge, (old) => {
    const port = { name, ofport: old.ports.length + 1, error: undefined, linkState: "up" };
    return { ...old, ports: [...old.ports, port] };
  });
}

type PortStep = Extract<Step, { kind: "ensurePortVlan" | "ensurePortLimits" }>;

/** A port without settings has none, rather than empty ones. */
function setPort(inventory: Inventory, step: PortStep): Inventory {
  const name = netdevOf(inventory, step.arguments.link);
  refuseIf(!isPlugged(inventory, name), `no bridge has port ${name}`);
  const change = ({ settings = {}, ...port }: BridgePort): BridgePort => {
    const { vlan, sendLimit, receiveLimit } =
      step.kind === "ensurePortVlan"
        ? { ...settings, vlan: step.arguments.vlan }
        : {
            ...settings,
            ...{ sendLimit: step.arguments.send, receiveLimit: step.arguments.receive },
          };
    const next = {
      ...(vlan !== undefined && { vlan }),
      ...(sendLimit !== undefined && { sendLimit }),
      ...(receiveLimit !== undefined && { receiveLimit }),
    };
    return { ...port, ...(Object.keys(next).length > 0 && { settings: next }) };
  };
  return mapOvs(inventory, (ovs) => ({
    ...ovs,
    bridges: ovs.bridges.map((bridge) => ({
      ...bridge,
      ports: bridge.ports.map((port) => (port.name === name ? change(port) : port)),
    })),
  }));
}

/** A bond passes its MTU on to its ports; a VF's own is not in the inventory. */
function setMtu(inventory: Inventory, link: LinkRef, mtu: number): Inventory {
  switch (link.kind) {
    case "pf":
      return mapPf(inventory, link.pf, (pf) => ({ ...pf, link: { ...pf.link, mtu } }));
    case "representor":
      return mapVf(inventory, link.vf, (vf) => ({
        ...vf,
        representor: vf.representor && { ...vf.representor, mtu },
      }));
    case "vf":
      return inventory;
    case "netdev": {
      const ports = inventory.bonds?.find(({ name }) => name === link.netdev)?.ports ?? [];
      return mapNics(inventory, (pf) =>
        ports.includes(pf.link.netdev) ? { ...pf, link: { ...pf.link, mtu } } : pf,
      );
    }
  }
}

function setLink(inventory: Inventory, link: LinkRef, isUp: boolean): Inventory {
  switch (link.kind) {
    case "vf":
      return inventory;
    case "pf":
      return mapPf(inventory, link.pf, (pf) => ({ ...pf, link: { ...pf.link, isUp } }));
    case "representor":
      return mapVf(inventory, link.vf, (vf) => {
        if (vf.representor === undefined) throw new Error("the VF has no representor");
        return { ...vf, representor: { ...vf.representor, isUp } };
      });
    case "netdev": {
      const { bonds = [] } = inventory;
      if (!bonds.some(({ name }) => name === link.netdev)) {
        return mapBridge(inventory, link.netdev, (bridge) => ({ ...bridge, isUp }));
      }
      const setUp = (bond: Bond) => (bond.name === link.netdev ? { ...bond, isUp } : bond);
      return { ...inventory, bonds: bonds.map(setUp) };
    }
  }
}

function setVfCount(inventory: Inventory, address: PciAddress, count: number): Inventory {
  let port = -1;
  return mapNics(inventory, (pf, nic) => {
    port += 1;
    if (pf.pciAddress !== address) return pf;
    refuseIf(count > pf.totalVfs, "ERANGE");
    if (count === pf.vfCount) return pf;
    refuseIf(
      pf.vfs.some(({ vdpa }) => vdpa !== undefined),
      "vDPA devices are still there",
    );
    const own = port;
    const vfs = Array.from({ length: count }, (_, index) => newVf({ pf, nic, port: own, index }));
    return { ...pf, vfCount: count, vfs };
  });
}

/** @param place.port counts the host's ports, so that representor names differ between them */
function newVf(place: { pf: Pf; nic: Nic; port: number; index: number }): Vf {
  const { pf, nic, port, index } = place;
  const isMapped = nic.nicProfile === "mapped";
  const hasRepresentor = isMapped || pf.eswitchMode === "switchdev";
  const fixed = pf.fixedVfAddresses[index];
  const routing = { offset: pf.sriov?.offset ?? 2, stride: pf.sriov?.stride ?? 1, index };
  const vf: Vf = {
    index,
    pciAddress: fixed ?? vfPciAddress(pf.pciAddress, routing),
    driver: isMapped ? "virtio-pci" : "mlx5_core",
    vdpaDriver: isMapped ? "vp-vdpa" : "mlx5_core",
    netdev: undefined,
    mgmtdev: undefined,
    vdpa: undefined,
    representor: hasRepresentor
      ? buildLink(`eth${port * 100 + index}`, { isUp: false })
      : undefined,
    adminMac: undefined,
    fixedMac: isMapped ? slotMac(index) : undefined,
    iommuGroup: 40 + index,
  };
  return withMgmtdev(nic, vf);
}

function withMgmtdev({ nicProfile }: Nic, vf: Vf): Vf {
  const isMapped = nicProfile === "mapped";
  const mgmtdev: Mgmtdev = {
    handle: `pci/${vf.pciAddress}`,
    maxVqp: isMapped ? 1 : MLX5_MAX_VQP,
    canSetMac: !isMapped,
    canSetMaxVqp: !isMapped,
  };
  return { ...vf, mgmtdev: vf.driver === vf.vdpaDriver ? mgmtdev : undefined };
}

function addVdpaDevice(
  inventory: Inventory,
  wanted: Extract<Step, { kind: "ensureVdpaDevice" }>["arguments"],
): Inventory {
  const others = inventory.nics.flatMap(({ pfs }) =>
    pfs.flatMap(({ pciAddress, vfs }) =>
      vfs.filter(({ index }) => pciAddress !== wanted.vf.pf || index !== wanted.vf.index),
    ),
  );
  refuseIf(
    others.some(({ vdpa }) => vdpa?.name === wanted.name),
    `EEXIST ${wanted.name}`,
  );
  const minors = new Set(others.map(({ vdpa }) => vdpa?.vhostPath));
  let minor = 0;
  while (minors.has(`/dev/vhost-vdpa-${minor}`)) minor += 1;
  return mapVf(inventory, wanted.vf, (vf) => ({
    ...vf,
    vdpa: newVdpaDevice(vf, wanted, `/dev/vhost-vdpa-${minor}`),
  }));
}

function newVdpaDevice(
  { mgmtdev, fixedMac }: Vf,
  wanted: Extract<Step, { kind: "ensureVdpaDevice" }>["arguments"],
  vhostPath: string,
): VdpaDevice {
  if (mgmtdev === undefined) throw new Error("the modelled VF has no management device");
  refuseIf(wanted.canSetMac && !mgmtdev.canSetMac, "the MAC can't be set");
  refuseIf(wanted.maxVqp !== undefined && !mgmtdev.canSetMaxVqp, "max_vqp can't be set");
  const maxVqp = Math.min(wanted.maxVqp ?? 1, mgmtdev.maxVqp);
  return {
    name: wanted.name,
    mgmtdevHandle: mgmtdev.handle,
    mac: fixedMac ?? wanted.mac,
    maxVqs: 2 * maxVqp + 1,
    maxVqp,
    vhostPath,
    negotiatedFeatures: undefined,
  };
}

function startVm(
  inventory: Inventory,
  vm: Extract<Step, { kind: "ensureVmRunning" }>["arguments"]["vm"],
): Inventory {
  const nics = vm.allocation.nics.map(({ kind, pf, vfIndex, mac }) => {
    const vf = findVf(inventory, pf, vfIndex);
    if (kind === "sriov") {
      refuseIf(!vf?.driver?.includes("vfio"), "the modelled VF is not held by vfio");
      return { mac: "", vhostPath: "", ...(vf && { pciAddress: vf.pciAddress }) };
    }
    const vhostPath = vf?.vdpa?.vhostPath;
    if (vhostPath === undefined) throw new Error("the modelled VM has no vhost device");
    return { mac, vhostPath };
  });
  const started = {
    vm: vm.vm,
    state: "running",
    pid: 4242,
    startedBy: undefined,
    nics,
    isGuestAgentUp: vm.spec.hasGuestAgent,
    reason: undefined,
  } as const;
  return { ...inventory, vms: [...inventory.vms.filter((other) => other.vm !== vm.vm), started] };
}
