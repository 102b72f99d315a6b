import type { Machine } from "../machine/machine.ts";
import { startQemu } from "../machine/qemu.ts";
import { parseQemuOptions } from "../machine/qemu-options.ts";
import { type Ended, failed, type Invoked, type Program, printed } from "./program.ts";
import { builtVersion } from "./qemu-build.ts";

/** Names under which QEMU is found on the PATH. */
export const QEMU_NAMES: readonly string[] = ["qemu-kvm", "qemu-system-x86_64"];
/** Folders of the PATH in which it may lie, in order. */
const PATH_FOLDERS = ["/usr/local/bin", "/usr/bin", "/usr/libexec"];

/** qemu-system-x86_64(1). Without `-daemonize` it runs until its VM ends. */
async function run(invoked: Invoked, version: string): Promise<Ended> {
  const { act, args, memoryLockBytes, allowedDevices } = invoked;
  if (args.includes("--version") || args.includes("-version")) {
    return printed(`QEMU emulator version ${version} (qemu-kvm-${version}-11.el9_4)\n`);
  }
  const options = parseQemuOptions(["qemu-system-x86_64", ...args]);
  const started = startQemu(act, options, { memoryLockBytes, allowedDevices });
  if ("refusal" in started) return failed(`qemu-system-x86_64: ${started.refusal}`);
  if (options.isDaemonized || started.qemu === undefined) return printed("");
  const { closers } = started.qemu;
  await new Promise<void>((resolve) => closers.add(resolve));
  return printed("");
}

/** The QEMU at a path, or under a name on the PATH; undefined when there is none. */
export function qemuAt({ files, spec }: Machine, path: string): Program | undefined {
  const places = path.includes("/") ? [path] : PATH_FOLDERS.map((folder) => `${folder}/${path}`);
  const found = places.find((place) => files.isFile(place));
  if (found === undefined) return undefined;
  const version = builtVersion(files.read(found)) ?? spec.qemuVersion;
  return (invoked) => run(invoked, version);
}
