import { createIdrac, type Idrac } from "../bmc/idrac.ts";
import { answerRedfish } from "../bmc/redfish.ts";
import type { HttpServer } from "../http/http.ts";
import type { Act } from "./act.ts";
import { bootWord } from "./kernels.ts";
import { logKernel, type Machine } from "./machine.ts";
import type { MachineSpec } from "./spec.ts";

/** What the operating system may use of the machine, as BIOS left it at the last boot. */
const isOn = ({ bmc }: Machine, attribute: string): boolean =>
  bmc.attributes.get(attribute) === "Enabled";

/** On Intel one setting stands for VT-x and VT-d. Source: iDRAC9, ProcVirtualization */
export const hasVirtualization = (machine: Machine): boolean =>
  machine.spec.hasKvm && isOn(machine, "ProcVirtualization");

/** Firmware hands the kernel a table of the IOMMU. */
export const offersIommu = (machine: Machine): boolean =>
  machine.spec.hasIommu && isOn(machine, "ProcVirtualization");

/**
 * The kernel uses it, which it does only when told to.
 *
 * @see torvalds/linux drivers/iommu/intel/Kconfig, INTEL_IOMMU_DEFAULT_ON is off in RHEL's kernels
 */
export const hasIommu = (machine: Machine): boolean =>
  offersIommu(machine) && bootWord(machine, "intel_iommu") === "on";

export const hasGlobalSriov = (machine: Machine): boolean => isOn(machine, "SriovGlobalEnable");

/** The card's own setup, of which the BMC keeps the setting; a card that the BMC does not know is on. */
export const hasNicSriov = ({ bmc }: Machine, pf: string): boolean =>
  bmc.nics.find(({ pciAddress }) => pciAddress === pf)?.mode !== "NONE";

/** Room for the VFs' BARs. */
export const hasLargeMmio = (machine: Machine): boolean => isOn(machine, "MmioAbove4Gb");

/** What the kernel says of it at boot. @see torvalds/linux arch/x86/kernel/cpu/feat_ctl.c */
export function logBios(machine: Machine): void {
  if (hasVirtualization(machine)) return;
  logKernel(machine, "x86/cpu: VMX (outside TXT) disabled by BIOS");
}

/** The BMC of a machine, with the account its agent may use. */
export const machineIdrac = ({ serial, bmc, biosAttributes }: MachineSpec): Idrac =>
  createIdrac({
    serviceTag: serial,
    model: "PowerEdge R740",
    accounts: { [bmc.user]: bmc.password },
    attributes: biosAttributes,
  });

/** The BMC as the machine reaches it over the network. */
const bmcServer = (machine: Machine): HttpServer => ({
  tls: { publicKeyPin: machine.spec.bmc.publicKeyPin, isTrusted: false },
  answer: (_act: Act, request) => answerRedfish(machine.bmc, request),
});

const PASSWORD_FILE = "/etc/switchyard/bmc.password";

/** Cables the BMC and, where the machine is set up so, tells its agent of it. */
export function installBmc(machine: Machine): void {
  const { address, user, password, publicKeyPin } = machine.spec.bmc;
  machine.bmcs.set(new URL(address).host, bmcServer(machine));
  if (!machine.spec.isBmcConfigured) return;
  const settings = { address, user, passwordFile: PASSWORD_FILE, publicKey: publicKeyPin };
  machine.files.write("/etc/switchyard/bmc.json", `${JSON.stringify(settings, undefined, 2)}\n`);
  machine.files.write(PASSWORD_FILE, `${password}\n`);
}
