import { modprobe, parseModulesAtBoot } from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { hostError, listOptional, readOptional } from "../tool.ts";
import { modinfoFilename } from "./commands.ts";
import { parseModules } from "./parse.ts";

/** Loading a NIC driver initialises its hardware. */
const MODPROBE_TIMEOUT_MS = 60_000;

/** Loaded modules by name, with underscores as the kernel writes them; what is built in is not among them. */
export async function listLoadedModules(host: Host): Promise<readonly string[]> {
  return parseModules(await host.readFile("/proc/modules"));
}

/**
 * Loads a module and what it depends on; loaded or built in is success.
 *
 * @throws HostError MODULE_MISSING
 */
export async function loadModule(host: Host, name: string): Promise<void> {
  const argv = modprobe(name);
  const result = await host.run({ argv, timeoutMs: MODPROBE_TIMEOUT_MS });
  if (result.exitCode === 0) return;
  const message = `kernel module ${name} can't be loaded`;
  throw hostError({ reason: "MODULE_MISSING", message, argv, result });
}

/** Whether the running kernel has the module, loaded or not; also where it is built in. */
export async function hasModule(host: Host, name: string): Promise<boolean> {
  if (await host.exists(`/sys/module/${name.replaceAll("-", "_")}`)) return true;
  return (await host.run({ argv: modinfoFilename(name) })).exitCode === 0;
}

/** Where systemd looks for the names of modules to load at boot. @see modules-load.d(5) */
const AT_BOOT_FOLDERS = [
  "/etc/modules-load.d",
  "/usr/lib/modules-load.d",
  "/usr/local/lib/modules-load.d",
];

/** Names of the modules that are loaded at boot because a file says so, sorted; `/etc/modules` is Debian's. */
export async function listModulesAtBoot(host: Host): Promise<readonly string[]> {
  const paths = ["/etc/modules"];
  for (const folder of AT_BOOT_FOLDERS) {
    const names = await listOptional(host, folder);
    paths.push(
      ...names.filter((name) => name.endsWith(".conf")).map((name) => `${folder}/${name}`),
    );
  }
  const found = new Set<string>();
  for (const path of paths) {
    for (const name of parseModulesAtBoot((await readOptional(host, path)) ?? "")) found.add(name);
  }
  return [...found].sort();
}
