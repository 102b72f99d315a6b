import type { Inventory, Step, SystemFacts } from "@switchyard/model";

const SYSTEM_STEPS = ["ensurePackages", "ensureRepositories"] as const;

export type SystemStep = Extract<Step, { readonly kind: (typeof SYSTEM_STEPS)[number] }>;

export const isSystemStep = (step: Step): step is SystemStep =>
  (SYSTEM_STEPS as readonly string[]).includes(step.kind);

const UNKNOWN: SystemFacts = { packages: undefined, repositories: undefined };

/** The inventory after a step that changes the operating system. */
export function applySystemStep(inventory: Inventory, step: SystemStep): Inventory {
  const system = inventory.system ?? UNKNOWN;
  switch (step.kind) {
    case "ensurePackages": {
      const added = step.arguments.specs.map((spec) => [spec, "1"]);
      const packages = { ...system.packages, ...Object.fromEntries(added) };
      return { ...inventory, system: { ...system, packages } };
    }
    case "ensureRepositories": {
      const ids = step.arguments.repositories.map(({ id }) => id);
      const repositories = [...new Set([...(system.repositories ?? []), ...ids])].sort();
      return { ...inventory, system: { ...system, repositories } };
    }
  }
}
