import type { StepKind } from "@switchyard/model";
import { ensureArtefact } from "./artefact/ensure-artefact.ts";
import { ensureBiosSettings } from "./bmc/ensure-bios-settings.ts";
import { ensureBond } from "./bond/ensure-bond.ts";
import { ensureNoBond } from "./bond/ensure-no-bond.ts";
import { ensureDriverInstalled } from "./driver/ensure-driver-installed.ts";
import { ensureDriverLoaded } from "./driver/ensure-driver-loaded.ts";
import { ensureBridge } from "./ensure-bridge.ts";
import { ensureBridgeAddress } from "./ensure-bridge-address.ts";
import { ensureBridgePort } from "./ensure-bridge-port.ts";
import { ensureEswitchMode } from "./ensure-eswitch-mode.ts";
import { ensureGuestAddress } from "./ensure-guest-address.ts";
import { ensureHwOffload } from "./ensure-hw-offload.ts";
import { ensureLinkState } from "./ensure-link-state.ts";
import { ensureModules } from "./ensure-modules.ts";
import { ensureNoBridge } from "./ensure-no-bridge.ts";
import { ensureNoBridgePort } from "./ensure-no-bridge-port.ts";
import { ensureNoVdpaDevice } from "./ensure-no-vdpa-device.ts";
import { ensureOvsRunning } from "./ensure-ovs-running.ts";
import { ensurePfClaim } from "./ensure-pf-claim.ts";
import { ensureVdpaDevice } from "./ensure-vdpa-device.ts";
import { ensureVfAdminMac } from "./ensure-vf-admin-mac.ts";
import { ensureVfCount } from "./ensure-vf-count.ts";
import { ensureVfDriver } from "./ensure-vf-driver.ts";
import { ensureVmRunning } from "./ensure-vm-running.ts";
import { ensureVmStopped } from "./ensure-vm-stopped.ts";
import type { Executor } from "./executor.ts";
import { ensureFirmwareConfig } from "./firmware/ensure-firmware-config.ts";
import { ensureFirmwareStored } from "./firmware/ensure-firmware-stored.ts";
import { noop } from "./noop.ts";
import { pingFromGuest } from "./ping-from-guest.ts";
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

/** One executor per kind of step: a step without one does not compile. */
export const EXECUTORS: { readonly [Kind in StepKind]: Executor<Kind> } = {
  ensureBiosSettings,
  ensureArtefact,
  ensureFirmwareStored,
  ensureFirmwareConfig,
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
  ensureVmRunning,
  ensureVmStopped,
  ensureGuestAddress,
  pingFromGuest,
  ensureDriverInstalled,
  ensureDriverLoaded,
  ensureQemuBuilt,
  ensureQemuLink,
  ensureLibvirtUser,
  ensureRebooted,
  noop,
};
