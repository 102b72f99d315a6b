import { modprobe } from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { hostError } from "../tool.ts";
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
