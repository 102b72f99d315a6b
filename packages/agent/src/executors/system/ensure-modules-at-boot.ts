import { HostFileError, listModulesAtBoot, loadModule } from "@switchyard/host";
import {
  formatModulesAtBoot,
  HostError,
  MODULES_AT_BOOT_PATH,
  parseModulesAtBoot,
} from "@switchyard/model";
import { ensure, type StepContext } from "../executor.ts";

interface State {
  /** Names in any file that systemd reads. */
  readonly atBoot: readonly string[];
  /** Text of our file; undefined where there is none. */
  readonly ownFile: string | undefined;
}

const kernelName = (module: string): string => module.replaceAll("-", "_");

async function readOwnFile({ host }: StepContext): Promise<string | undefined> {
  try {
    return await host.readFile(MODULES_AT_BOOT_PATH);
  } catch (error) {
    if (error instanceof HostFileError && error.errno === "ENOENT") return undefined;
    throw error;
  }
}

/** A module that comes with a driver or kernel still to be booted is loaded then. */
async function loadNow({ host, say }: StepContext, modules: readonly string[]): Promise<void> {
  for (const module of modules) {
    try {
      await loadModule(host, module);
    } catch (error) {
      if (!(error instanceof HostError && error.reason === "MODULE_MISSING")) throw error;
      say(`the running kernel has no module ${module}; it is loaded at boot where it is there`);
    }
  }
}

/** Taking it back leaves a loaded module loaded: it harms nobody and may have got other users since. */
export const ensureModulesAtBoot = ensure<"ensureModulesAtBoot", State>({
  read: async (context) => ({
    atBoot: await listModulesAtBoot(context.host),
    ownFile: await readOwnFile(context),
  }),
  isSatisfied: ({ atBoot }, { modules }) =>
    modules.every((module) => atBoot.includes(kernelName(module))),
  apply: async (context, { modules }, { ownFile }) => {
    const { host } = context;
    await loadNow(context, modules);
    const all = new Set([...parseModulesAtBoot(ownFile ?? ""), ...modules.map(kernelName)]);
    await host.replaceFile(MODULES_AT_BOOT_PATH, formatModulesAtBoot([...all]));
  },
  undo: async ({ host }, _args, { ownFile }) => {
    if (ownFile === undefined) await host.remove(MODULES_AT_BOOT_PATH);
    else await host.replaceFile(MODULES_AT_BOOT_PATH, ownFile);
  },
  failure: "FILE_ACCESS_FAILED",
});
