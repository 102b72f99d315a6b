import {
  type Inventory,
  mergeArguments,
  type Step,
  type SystemFacts,
  UNKNOWN_SYSTEM,
} from "@switchyard/model";
import { withPackages } from "./with-packages.ts";

const SYSTEM_STEPS = [
  "ensurePackages",
  "ensureRepositories",
  "ensureKernelArguments",
  "ensureDefaultKernel",
  "ensureModulesAtBoot",
  "ensureInitramfs",
] as const;

export type SystemStep = Extract<Step, { readonly kind: (typeof SYSTEM_STEPS)[number] }>;

export const isSystemStep = (step: Step): step is SystemStep =>
  (SYSTEM_STEPS as readonly string[]).includes(step.kind);

/** The inventory after a step that changes the operating system. */
export function applySystemStep(inventory: Inventory, step: SystemStep): Inventory {
  const system = inventory.system ?? UNKNOWN_SYSTEM;
  const changed = { ...inventory, system: { ...system, ...changeOf(system, step) } };
  return step.kind === "ensurePackages" ? withPackages(changed, step.arguments.specs) : changed;
}

const union = (a: readonly string[] | undefined, b: readonly string[]): readonly string[] =>
  [...new Set([...(a ?? []), ...b])].sort();

function changeOf(system: SystemFacts, step: SystemStep): Partial<SystemFacts> {
  switch (step.kind) {
    case "ensurePackages":
      return {
        packages: {
          ...system.packages,
          ...Object.fromEntries(step.arguments.specs.map((spec) => [spec, "1"])),
        },
      };
    case "ensureRepositories": {
      const ids = step.arguments.repositories.map(({ id }) => id);
      return { repositories: union(system.repositories, ids) };
    }
    case "ensureKernelArguments":
      return {
        bootEntries: system.bootEntries?.map((entry) => ({
          ...entry,
          arguments: mergeArguments(entry.arguments, [
            ...entry.arguments,
            ...step.arguments.arguments,
          ]),
        })),
      };
    case "ensureDefaultKernel":
      return {
        bootEntries: system.bootEntries?.map((entry) => ({
          ...entry,
          isDefault: entry.kernelRelease === step.arguments.kernelRelease,
        })),
      };
    case "ensureModulesAtBoot": {
      const modules = step.arguments.modules.map((each) => each.replaceAll("-", "_"));
      return { modulesAtBoot: union(system.modulesAtBoot, modules) };
    }
    case "ensureInitramfs":
      return {};
  }
}
