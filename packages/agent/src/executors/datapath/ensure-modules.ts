import { listLoadedModules, loadModule } from "@switchyard/host";
import { ensure } from "../executor.ts";

/** The kernel writes names with underscores whatever modprobe was told. */
const kernelName = (module: string): string => module.replaceAll("-", "_");

/** A loaded module harms nobody and may have got other users since, so that there is no undo. */
export const ensureModules = ensure<"ensureModules", { readonly missing: readonly string[] }>({
  read: async ({ host, topology }, { modules }) => {
    const loaded = new Set(await listLoadedModules(host));
    const builtIn = new Set((await topology.current()).modules);
    const missing = modules.filter(
      (module) => !loaded.has(kernelName(module)) && !builtIn.has(kernelName(module)),
    );
    return { missing };
  },
  isSatisfied: ({ missing }) => missing.length === 0,
  apply: async ({ host }, _args, { missing }) => {
    for (const module of missing) await loadModule(host, module);
  },
  undo: undefined,
  failure: "MODULE_MISSING",
  movesDevices: true,
});
