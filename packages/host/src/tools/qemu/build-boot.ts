import {
  type Accelerator,
  buildName,
  buildPaths,
  buildSeedFiles,
  HostError,
  PACKAGES_INSTALLED,
  qemuBuild,
} from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { buildSeed } from "../qemu-img/qemu-img.ts";
import { inOwnScope } from "../scope.ts";
import { hostError, readOptional, runChecked } from "../tool.ts";
import { kill } from "./commands.ts";
import { readQemuProcess } from "./qemu-process.ts";

const START_TIMEOUT_MS = 180_000;
/** End of the console that an error shows. */
const CONSOLE_KEPT_MAX = 2048;

/** Pid of the boot; undefined once it has ended. */
export async function findBuild(host: Host, key: string): Promise<number | undefined> {
  const pidFiles = [buildPaths(key).pidFile];
  const found = await readQemuProcess(host, { name: buildName(key), pidFiles });
  return found?.isAlive === true ? found.pid : undefined;
}

/**
 * Boots the disk so that cloud-init in it installs the packages. Ends when QEMU runs; not to be run twice.
 *
 * @throws HostError IMAGE_PACKAGES_FAILED, SEED_BUILD_FAILED
 */
export async function startBuild(
  host: Host,
  build: {
    readonly key: string;
    readonly disk: string;
    readonly accelerator: Accelerator;
    readonly packages: readonly string[];
  },
): Promise<void> {
  const { key, disk, accelerator, packages } = build;
  const { seed, seedFiles } = buildPaths(key);
  for (const { name, text } of buildSeedFiles(key, packages)) {
    await host.replaceFile(`${seedFiles}/${name}`, text);
  }
  await buildSeed(host, seedFiles, seed);
  const argv = await inOwnScope(host, qemuBuild(key, { disk, accelerator }), {
    unit: `switchyard-build-${key}`,
  });
  const result = await host.run({ argv, timeoutMs: START_TIMEOUT_MS });
  if (result.exitCode === 0) return;
  const message = `${disk} did not boot`;
  throw hostError({ reason: "IMAGE_PACKAGES_FAILED", message, argv, result });
}

/** Ends the boot, if it is there, and removes its files. May run twice. @throws CommandError COMMAND_FAILED */
export async function removeBuild(host: Host, key: string): Promise<void> {
  const pid = await findBuild(host, key);
  if (pid !== undefined) await runChecked(host, { argv: kill(pid) });
  await host.remove(buildPaths(key).folder);
}

/** What the guest printed. @throws HostError IMAGE_PACKAGES_FAILED where it does not say that all are there */
export async function confirmBuild(
  host: Host,
  key: string,
  packages: readonly string[],
): Promise<void> {
  const console = (await readOptional(host, buildPaths(key).serialLog)) ?? "";
  if (console.includes(PACKAGES_INSTALLED)) return;
  throw new HostError("IMAGE_PACKAGES_FAILED", "the guest ended without its packages", {
    found: console.slice(-CONSOLE_KEPT_MAX) || "nothing on its console",
    needs: packages.join(", "),
  });
}
