import {
  CommandError,
  type InstalledQemu,
  QEMU_LINK,
  QEMU_OF_RHEL,
  type QemuLink,
  qemuProgram,
  symbolicLink,
} from "@switchyard/model";
import { type Host, HostFileError } from "../../port/host.ts";
import { listOptional, runChecked } from "../tool.ts";
import { parseQemuVersion } from "./parse.ts";

const BUILT_FOLDER = "/opt/switchyard";
/** Versions built from source that are looked at. */
const BUILT_MAX = 8;

/** What stands where QEMU is started from. A link into nothing is a link too. */
export async function readQemuLink(host: Host): Promise<QemuLink> {
  try {
    return { kind: "link", target: await host.readLink(QEMU_LINK) };
  } catch (error) {
    if (!(error instanceof HostFileError)) throw error;
    return (await host.exists(QEMU_LINK)) ? { kind: "program" } : { kind: "absent" };
  }
}

/**
 * Makes the name under which QEMU is started lead to a program. A link is replaced only where
 * `replaces` says that one is there; ln refuses to write over a file.
 *
 * @throws CommandError COMMAND_FAILED
 */
export async function linkQemu(host: Host, target: string, replaces: boolean): Promise<void> {
  await runChecked(host, { argv: symbolicLink({ target, path: QEMU_LINK, replaces }) });
}

/** Version of the QEMU at a path; undefined when there is none that answers. */
export async function findQemuVersion(host: Host, path: string): Promise<string | undefined> {
  try {
    const { exitCode, stdout } = await host.run({ argv: [path, "--version"] });
    return exitCode === 0 ? parseQemuVersion(stdout) : undefined;
  } catch (error) {
    if (error instanceof CommandError && error.reason === "COMMAND_NOT_STARTED") return undefined;
    throw error;
  }
}

/** Where a QEMU may be: under its name, where RHEL puts it, and where versions were built. */
export async function listQemuPlaces(host: Host): Promise<readonly string[]> {
  const versions = (await listOptional(host, BUILT_FOLDER))
    .flatMap((name) => /^qemu-(\d[\d.]*)$/.exec(name)?.[1] ?? [])
    .slice(-BUILT_MAX);
  return [QEMU_LINK, QEMU_OF_RHEL, ...versions.map(qemuProgram)];
}

/** Every QEMU at the places where Switchyard looks for one. */
export async function listQemus(host: Host): Promise<readonly InstalledQemu[]> {
  const found: InstalledQemu[] = [];
  for (const path of await listQemuPlaces(host)) {
    if (await host.exists(path)) found.push({ path, version: await findQemuVersion(host, path) });
  }
  return found;
}
