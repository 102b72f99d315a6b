import type { Inventory } from "@switchyard/model";
import type { Draft } from "../../steps/draft.ts";
import { ensureModules } from "../../steps/pf-steps.ts";

/** The kernel writes names with underscores whatever modprobe was told. */
const underscored = (module: string): string => module.replaceAll("-", "_");

/** The step that loads those of the modules that are not loaded, each once. */
export function missingModules(observed: Inventory, wanted: readonly string[]): readonly Draft[] {
  const loaded = new Set(observed.modules.map(underscored));
  const missing = [...new Set(wanted)].filter((module) => !loaded.has(underscored(module)));
  return missing.length === 0 ? [] : [ensureModules(missing)];
}
