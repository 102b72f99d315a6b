import { findVf, type Inventory, type ObservedVm, type Step } from "@switchyard/model";
import { applyFirmwareStep } from "./apply-firmware-step.ts";
import { applyHostStep } from "./apply-host-steps.ts";
import { applySystemStep, isSystemStep } from "./apply-system-step.ts";
import { bootHost } from "./boot-host.ts";
import { addPort, emptyBridge, isPlugged, mapBridge, mapOvs, setPort } from "./bridges.ts";
import { addBond, netdevOf, setLink, setMtu } from "./links.ts";
import { withPendingBios, withPendingModes } from "./pending-settings.ts";
import { addVdpaDevice, resetCard, setVfCount, withMgmtdev } from "./vfs.ts";
import { mapPf, mapVf, refuseIf } from "./walk-inventory.ts";

/**
 * The inventory as it would be after the steps: a small model of kernel and OVS, for tests of plans and of
 * what is made from inventories. Knows the order in which things work; a step that the kernel would refuse
 * throws.
 */
export const applySteps = (inventory: Inventory, steps: readonly Step[]): Inventory =>
  steps.reduce(applyStep, inventory);

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
