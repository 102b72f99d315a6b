import { type Host, readOptional } from "@switchyard/host";
import { type MigrationNote, vmPaths } from "@switchyard/model";

/** What is known of a VM's live move from here or to here; undefined where there is none. */
export async function readNote(host: Host, vm: string): Promise<MigrationNote | undefined> {
  const text = await readOptional(host, vmPaths(vm).migrationFile);
  return text === undefined ? undefined : (JSON.parse(text) as MigrationNote);
}

/** Adds to what is known. */
export async function addToNote(host: Host, vm: string, more: MigrationNote): Promise<void> {
  const note = { ...(await readNote(host, vm)), ...more };
  await host.replaceFile(vmPaths(vm).migrationFile, `${JSON.stringify(note)}\n`);
}

/** Takes away note and key. May run twice. */
export async function removeNote(host: Host, vm: string): Promise<void> {
  const { migrationFile, tlsFolder } = vmPaths(vm);
  await host.remove(tlsFolder);
  await host.remove(migrationFile);
}

/** Where QEMU looks for the key. @see qemu/qemu docs/system/tls.rst, pre-shared keys */
export const writeKey = (host: Host, vm: string, key: string): Promise<void> =>
  host.replaceFile(`${vmPaths(vm).tlsFolder}/keys.psk`, `qemu:${key}\n`);
