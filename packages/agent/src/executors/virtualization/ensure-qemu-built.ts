import { buildQemu, findQemuVersion } from "@switchyard/host";
import { HostError, qemuBuildFolders, qemuPrefix, qemuProgram } from "@switchyard/model";
import { ensure } from "../executor.ts";
import { keepLog, logFolderOf } from "../kept-log.ts";

const LOG_NAME = "qemu-build.log";

/** Only a version that was not there before is taken back: VMs may run on one that was. */
export const ensureQemuBuilt = ensure<"ensureQemuBuilt", { readonly version: string | undefined }>({
  read: async ({ observer }, { source }) => ({
    version: await findQemuVersion(observer, qemuProgram(source.version)),
  }),
  isSatisfied: ({ version }, { source }) => version === source.version,
  apply: async (context, { source }) => {
    const stages = await buildQemu(context.host, source, context.signal);
    const said = stages.map(({ argv, output }) => `$ ${argv.join(" ")}\n${output}`).join("\n");
    await keepLog(context, LOG_NAME, said);
    const last = stages.at(-1);
    if (last === undefined || last.exitCode === 0) return;
    throw new HostError("QEMU_BUILD_FAILED", `QEMU ${source.version} was not built`, {
      argv: last.argv.join(" "),
      exitCode: String(last.exitCode),
      stderr: last.output.trim().slice(-2048),
      log: `${logFolderOf(context)}/${LOG_NAME}`,
    });
  },
  undo: async ({ host }, { source }, before) => {
    if (before.version !== undefined) return;
    await host.remove(qemuPrefix(source.version));
    await host.remove(qemuBuildFolders(source.version).folder);
  },
  failure: "QEMU_BUILD_FAILED",
  isHarmless: true,
});
