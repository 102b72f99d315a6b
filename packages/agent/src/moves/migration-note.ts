import { type Host, readOptional } from "@switchyard/host";
import { type MigrationNote, type MoveId, vmDiskPaths, vmPaths } from "@switchyard/model";
import type { StepContext } from "../executors/executor.ts";

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
  await removeKey(host, vm);
  await host.remove(vmPaths(vm).migrationFile);
}

/** Takes away the key, which nobody reads once all has come, or nothing will. May run twice. */
export const removeKey = (host: Host, vm: string): Promise<void> =>
  host.remove(vmPaths(vm).tlsFolder);

/** Whether a note or a key is there. */
export async function hasNote(host: Host, vm: string): Promise<boolean> {
  const { migrationFile, tlsFolder } = vmPaths(vm);
  return (await host.exists(migrationFile)) || (await host.exists(tlsFolder));
}

/**
 * That the guest is let go on here is written beside its disk, which a boot does not take away: from then on it may
 * have written there, and is nowhere else to go on. A VM without a disk of its own has but the note.
 */
export async function markResumed(host: Host, vm: string, move: MoveId): Promise<void> {
  const { folder, resumed } = vmDiskPaths(vm);
  if (await host.exists(folder)) await host.replaceFile(resumed, `${move}\n`);
}

export const hasResumed = async (host: Host, vm: string, move: MoveId): Promise<boolean> =>
  (await readOptional(host, vmDiskPaths(vm).resumed))?.trim() === move;

/**
 * Writes the key where QEMU looks for it. The audit, which goes to the database, has the write without the key.
 *
 * @see qemu/qemu docs/system/tls.rst, pre-shared keys
 */
export async function writeKey(
  { observer, clock, record }: StepContext,
  vm: string,
  key: string,
): Promise<void> {
  const path = `${vmPaths(vm).tlsFolder}/keys.psk`;
  const startedMs = clock.monotonicMs();
  let exitCode = 1;
  try {
    await observer.replaceFile(path, `qemu:${key}\n`);
    exitCode = 0;
  } finally {
    const durationMs = clock.monotonicMs() - startedMs;
    const argv = ["replace", path, "<key of this move>"];
    record({ argv, exitCode, durationMs, outputDigest: "", stderrTail: "" });
  }
}
