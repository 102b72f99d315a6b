import { HostFileError, listModulesAtBoot } from "@switchyard/host";
import { formatModulesAtBoot, MODULES_AT_BOOT_PATH, parseModulesAtBoot } from "@switchyard/model";
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

export const ensureModulesAtBoot = ensure<"ensureModulesAtBoot", State>({
  read: async (context) => ({
    atBoot: await listModulesAtBoot(context.host),
    ownFile: await readOwnFile(context),
  }),
  isSatisfied: ({ atBoot }, { modules }) =>
    modules.every((module) => atBoot.includes(kernelName(module))),
  apply: async ({ host }, { modules }, { ownFile }) => {
    const all = new Set([...parseModulesAtBoot(ownFile ?? ""), ...modules.map(kernelName)]);
    await host.replaceFile(MODULES_AT_BOOT_PATH, formatModulesAtBoot([...all]));
  },
  undo: async ({ host }, _args, { ownFile }) => {
    if (ownFile === undefined) await host.remove(MODULES_AT_BOOT_PATH);
    else await host.replaceFile(MODULES_AT_BOOT_PATH, ownFile);
  },
  failure: "FILE_ACCESS_FAILED",
});
