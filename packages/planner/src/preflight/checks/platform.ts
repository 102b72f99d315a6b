import { missingArguments, type PreflightCheckId, wantedArguments } from "@switchyard/model";
import {
  fail,
  type PreflightCheck,
  pass,
  warn,
  warnOn,
  withParts,
} from "../../diagnosis/verdict.ts";
import { iommuFault } from "../iommu-fault.ts";
import { withSystem } from "../with-system.ts";

/** A lab host stands inside an emulator on purpose. */
const unlessLab = (hostKind: string) => (hostKind === "lab" ? warn : fail);

const virtualization: PreflightCheck = withParts(["cpu"], ({ cpu, accelerator, hostKind }) => {
  if (cpu.hasVirtualization && accelerator === "kvm") return pass(`${cpu.modelName}, /dev/kvm`);
  return unlessLab(hostKind)([
    cpu.hasVirtualization ? "the CPU has it" : "the CPU shows neither vmx nor svm",
    accelerator === "kvm" ? "/dev/kvm is there" : "VMs run on software emulation (tcg)",
  ]);
});

const iommu: PreflightCheck = withParts(["iommu"], (inventory) => {
  const fault = iommuFault(inventory);
  if (fault === undefined) {
    const types = Object.entries(inventory.system?.iommu?.groupTypes ?? {});
    const told = types.map(([type, count]) => `${count} ${type}`).join(", ");
    const groups = `${inventory.iommuGroupCount} IOMMU groups`;
    return pass(told === "" ? groups : `${groups}: ${told}`);
  }
  return unlessLab(inventory.hostKind)(fault.found, fault.fix);
});

/** What Intel's IOMMU needs; AMD's is on by itself. @see torvalds/linux kernel-parameters.txt, amd_iommu= */
const ARGUMENTS_OF_INTEL = ["intel_iommu=on", "iommu=pt"];

const kernelArguments: PreflightCheck = withSystem(
  "kernelArguments",
  (running, { cpu }, { desired }) => {
    const isIntel = /intel/i.test(cpu.modelName);
    const wanted = [
      ...(isIntel ? ARGUMENTS_OF_INTEL : []),
      ...(desired?.system === undefined ? [] : wantedArguments(desired.system)),
    ];
    if (wanted.length === 0) return pass(`no argument is needed on ${cpu.modelName}`);
    return warnOn(
      [...new Set(missingArguments(running, wanted))].map((each) => `${each} is missing`),
      running.join(" "),
    );
  },
);

/** What systemd calls containers. @see systemd-detect-virt(1) */
const CONTAINERS: readonly string[] = [
  "docker",
  "lxc",
  "lxc-libvirt",
  "openvz",
  "podman",
  "proot",
  "pouch",
  "rkt",
  "systemd-nspawn",
  "wsl",
];

const nested: PreflightCheck = withSystem("virtualization", (outer) => {
  if (outer === "none") return pass("no hypervisor and no container");
  return CONTAINERS.includes(outer)
    ? fail([`it is a container (${outer}), whose kernel is another's`])
    : warn([`it is a VM (${outer}): VFs and vDPA need what its hypervisor passes through`]);
});

/** @see CHECKS_OF_HOST for what each is about */
export const PLATFORM_RUNS = {
  A01: virtualization,
  A02: iommu,
  A03: kernelArguments,
  "HOST-NESTED": nested,
} as const satisfies Partial<Record<PreflightCheckId, PreflightCheck>>;
