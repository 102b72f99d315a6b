import type { Machine } from "../machine/machine.ts";
import { findInstalled } from "../machine/packages/packages.ts";
import { MachineGone } from "../machine/refusal.ts";
import { readArchive } from "./archive-files.ts";
import { type Ended, failed, type Invoked, type Program, printed } from "./program.ts";

/*
 * Building QEMU from source, coarsely: configure looks for what the build needs and writes a file into the build
 * folder, make takes its time, make install puts a program below the prefix.
 */

/** @see QEMU 9.0, docs/devel/build-environment.rst, and the seed procedure, "Installing QEMU" */
const BUILD_PACKAGES = ["ninja-build", "glib2-devel", "pixman-devel"] as const;

const PACKAGE_WORDS: Readonly<Record<(typeof BUILD_PACKAGES)[number], string>> = {
  "ninja-build": "ERROR: Cannot find Ninja",
  "glib2-devel": 'ERROR: Dependency "glib-2.0" not found, tried pkgconfig',
  "pixman-devel": 'ERROR: Dependency "pixman-1" not found, tried pkgconfig',
};

/** What configure remembers in the build folder. */
interface Configured {
  readonly version: string;
  readonly prefix: string;
}

const configuredPath = (folder: string): string => `${folder}/config-host.mak`;

function configure(invoked: Invoked, version: string): Ended {
  const { machine, args, folder = "/" } = invoked;
  const missing = BUILD_PACKAGES.find((name) => findInstalled(machine, name).length === 0);
  if (missing !== undefined) return failed(`\n${PACKAGE_WORDS[missing]}\n`);
  const prefix = args.find((arg) => arg.startsWith("--prefix="))?.slice("--prefix=".length);
  const configured: Configured = { version, prefix: prefix ?? "/usr/local" };
  machine.files.write(configuredPath(folder), JSON.stringify(configured));
  return printed("The Meson build system\nBuild targets in project: 1\n");
}

/** QEMU's configure at a path; undefined when there is none. */
export function qemuConfigureAt({ files }: Machine, path: string): Program | undefined {
  if (!path.endsWith("/configure") || !files.isFile(path)) return undefined;
  const archive = readArchive(files.read(path));
  return archive?.kind === "qemu" ? (invoked) => configure(invoked, archive.version) : undefined;
}

const builtPath = (folder: string): string => `${folder}/qemu-system-x86_64`;
const programText = (version: string): string => `qemu ${version}\n`;

function installBuilt({ machine, act }: Invoked, folder: string, configured: Configured): Ended {
  const { files } = machine;
  if (!files.isFile(builtPath(folder)))
    return failed("make: *** [Makefile:200: install] Error 1", 2);
  const path = `${configured.prefix}/bin/qemu-system-x86_64`;
  const before = files.isFile(path) ? files.read(path).trim() : "absent";
  files.write(path, files.read(builtPath(folder)));
  act.changes.push({
    object: `file ${path}`,
    before,
    after: programText(configured.version).trim(),
  });
  return printed(`Installing qemu-system-x86_64 to ${configured.prefix}/bin\n`);
}

/** make(1): `-C FOLDER [-j N] [install]`. */
export async function make(invoked: Invoked): Promise<Ended> {
  const { machine, args } = invoked;
  const folder = args[args.indexOf("-C") + 1] ?? invoked.folder ?? "/";
  const { files, boot, spec, clock } = machine;
  const said = `make: Entering directory '${folder}'\n`;
  if (!files.isFile(configuredPath(folder))) {
    return failed("make: *** No targets specified and no makefile found.  Stop.", 2);
  }
  const configured = JSON.parse(files.read(configuredPath(folder))) as Configured;
  if (args.includes("install")) return installBuilt(invoked, folder, configured);
  if (spec.qemuBuildMs > 0) await clock.sleep(spec.qemuBuildMs);
  if (machine.boot !== boot) throw new MachineGone();
  files.write(builtPath(folder), programText(configured.version));
  return printed(`${said}[2475/2475] Linking target qemu-system-x86_64\n`);
}

/** Version of a QEMU that was built on the host; undefined for the distribution's. */
export const builtVersion = (text: string): string | undefined => /^qemu (\S+)$/m.exec(text)?.[1];
