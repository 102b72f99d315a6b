import { hasArgument, type Inventory } from "@switchyard/model";

/**
 * The host once it has booted with what firmware and the kernel's arguments say now: with an IOMMU that firmware
 * offers, or may offer, and that the kernel is told to use, there is at least one group. How many is the kernel's
 * to say.
 */
export function afterIommuChange(observed: Inventory): Inventory {
  const { system, iommuGroupCount, cpu } = observed;
  const isAsked =
    system?.kernelArguments === undefined ||
    !/intel/i.test(cpu.modelName) ||
    hasArgument(system.kernelArguments, "intel_iommu=on");
  const isOffered = system?.iommu?.isAdvertised !== false;
  if (!isAsked || !isOffered) return observed;
  return { ...observed, iommuGroupCount: Math.max(1, iommuGroupCount) };
}
