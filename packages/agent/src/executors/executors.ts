import type { StepKind } from "@switchyard/model";
import { ensureArtefact } from "./artefact/ensure-artefact.ts";
import { ensureBiosSettings } from "./bmc/ensure-bios-settings.ts";
import { ensureNicVirtualization } from "./bmc/ensure-nic-virtualization.ts";
import { ensurePoweredOff } from "./bmc/ensure-powered-off.ts";
import { ensureBond } from "./datapath/ensure-bond.ts";
import { ensureBridge } from "./datapath/ensure-bridge.ts";
import { ensureBridgeAddress } from "./datapath/ensure-bridge-address.ts";
import { ensureBridgePort } from "./datapath/ensure-bridge-port.ts";
import { ensureEswitchMode } from "./datapath/ensure-eswitch-mode.ts";
import { ensureHwOffload } from "./datapath/ensure-hw-offload.ts";
import { ensureLinkState } from "./datapath/ensure-link-state.ts";
import { ensureModules } from "./datapath/ensure-modules.ts";
import { ensureNoBond } from "./datapath/ensure-no-bond.ts";
import { ensureNoBridge } from "./datapath/ensure-no-bridge.ts";
import { ensureNoBridgePort } from "./datapath/ensure-no-bridge-port.ts";
import { ensureNoVdpaDevice } from "./datapath/ensure-no-vdpa-device.ts";
import { ensureOvsRunning } from "./datapath/ensure-ovs-running.ts";
import { ensurePfClaim } from "./datapath/ensure-pf-claim.ts";
import { ensureVdpaDevice } from "./datapath/ensure-vdpa-device.ts";
import { ensureVfAdminMac } from "./datapath/ensure-vf-admin-mac.ts";
import { ensureVfCount } from "./datapath/ensure-vf-count.ts";
import { ensureVfDriver } from "./datapath/ensure-vf-driver.ts";
import { ensureDriverInstalled } from "./driver/ensure-driver-installed.ts";
import { ensureDriverLoaded } from "./driver/ensure-driver-loaded.ts";
import type { Executor } from "./executor.ts";
import { ensureCardReset } from "./firmware/ensure-card-reset.ts";
import { ensureFirmwareConfig } from "./firmware/ensure-firmware-config.ts";
import { ensureFirmwareStored } from "./firmware/ensure-firmware-stored.ts";
import { ensureDiskCopy } from "./image/ensure-disk-copy.ts";
import { ensureDiskEdited } from "./image/ensure-disk-edited.ts";
import { ensureDiskSize } from "./image/ensure-disk-size.ts";
import { ensureImage } from "./image/ensure-image.ts";
import { ensureNoOverlay } from "./image/ensure-no-overlay.ts";
import { ensureOverlay } from "./image/ensure-overlay.ts";
import { ensureSeed } from "./image/ensure-seed.ts";
import { sealDisk } from "./image/seal-disk.ts";
import { noop } from "./noop.ts";
import { ensureAntiSpoof } from "./ports/ensure-anti-spoof.ts";
import { ensureLinkMtu } from "./ports/ensure-link-mtu.ts";
import { ensureNoAntiSpoof } from "./ports/ensure-no-anti-spoof.ts";
import { ensurePortLimits } from "./ports/ensure-port-limits.ts";
import { ensurePortVlan } from "./ports/ensure-port-vlan.ts";
import { ensureVfPortSettings } from "./ports/ensure-vf-port-settings.ts";
import { ensureRebooted } from "./reboot/ensure-rebooted.ts";
import { ensureDefaultKernel } from "./system/ensure-default-kernel.ts";
import { ensureInitramfs } from "./system/ensure-initramfs.ts";
import { ensureKernelArguments } from "./system/ensure-kernel-arguments.ts";
import { ensureModulesAtBoot } from "./system/ensure-modules-at-boot.ts";
import { ensurePackages } from "./system/ensure-packages.ts";
import { ensureRepositories } from "./system/ensure-repositories.ts";
import { ensureLibvirtUser } from "./virtualization/ensure-libvirt-user.ts";
import { ensureQemuBuilt } from "./virtualization/ensure-qemu-built.ts";
import { ensureQemuLink } from "./virtualization/ensure-qemu-link.ts";
import { ensureGuestAddress } from "./vm/ensure-guest-address.ts";
import { ensureVcpusPinned } from "./vm/ensure-vcpus-pinned.ts";
import { ensureVmAwaited } from "./vm/ensure-vm-awaited.ts";
import { ensureVmKept } from "./vm/ensure-vm-kept.ts";
import { ensureVmMigrated } from "./vm/ensure-vm-migrated.ts";
import { ensureVmResumed } from "./vm/ensure-vm-resumed.ts";
import { ensureVmRunning } from "./vm/ensure-vm-running.ts";
import { ensureVmStopped } from "./vm/ensure-vm-stopped.ts";
import { pingFromGuest } from "./vm/ping-from-guest.ts";
import { tellMigration } from "./vm/tell-migration.ts";

/** One executor per kind of step: a step without one does not compile. */
export const EXECUTORS: { readonly [Kind in StepKind]: Executor<Kind> } = {
  ensureBiosSettings,
  ensureNicVirtualization,
  ensureArtefact,
  ensureFirmwareStored,
  ensureFirmwareConfig,
  ensureCardReset,
  ensurePackages,
  ensureRepositories,
  ensureKernelArguments,
  ensureDefaultKernel,
  ensureModulesAtBoot,
  ensureInitramfs,
  ensureModules,
  ensureVfCount,
  ensureEswitchMode,
  ensureVfDriver,
  ensureVfAdminMac,
  ensurePfClaim,
  ensureBond,
  ensureNoBond,
  ensureVdpaDevice,
  ensureNoVdpaDevice,
  ensureLinkState,
  ensureOvsRunning,
  ensureHwOffload,
  ensureBridge,
  ensureNoBridge,
  ensureBridgePort,
  ensureNoBridgePort,
  ensureBridgeAddress,
  ensureImage,
  ensureOverlay,
  ensureDiskCopy,
  sealDisk,
  ensureDiskSize,
  ensureSeed,
  ensureDiskEdited,
  ensureNoOverlay,
  ensurePortVlan,
  ensurePortLimits,
  ensureAntiSpoof,
  ensureNoAntiSpoof,
  ensureLinkMtu,
  ensureVfPortSettings,
  ensureVmRunning,
  ensureVmAwaited,
  ensureVmMigrated,
  ensureVmResumed,
  ensureVmKept,
  tellMigration,
  ensureVmStopped,
  ensureGuestAddress,
  ensureVcpusPinned,
  pingFromGuest,
  ensureDriverInstalled,
  ensureDriverLoaded,
  ensureQemuBuilt,
  ensureQemuLink,
  ensureLibvirtUser,
  ensureRebooted,
  ensurePoweredOff,
  noop,
};
