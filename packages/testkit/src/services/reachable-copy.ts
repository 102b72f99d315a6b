import { cpSync, lstatSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, sep } from "node:path";

const OTHERS_MAY_PASS = 0o001;

/** Whether a user without rights of its own can get to everything in `folder`. */
export function isReachableByOthers(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if ((statSync(at).mode & OTHERS_MAY_PASS) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

/** Only a folder that belongs to `owner` itself is believed: others could have put programs there. */
function belongsTo(path: string, owner: number): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === owner;
}

export interface CopyOptions {
  /** Existing folder that everyone may pass through, such as the system's temporary one. */
  readonly parent: string;
  /** Name of the copy; it says which version of what it holds, as the copy is used again. */
  readonly name: string;
  /** User the copy must belong to. */
  readonly owner: number;
}

/**
 * A copy of `folder` at a place where every user can get to it: made once, whole or not at all, and used
 * again. Processes that make it side by side end with the same one. May run twice.
 *
 * @returns the copy's path
 */
export function ensureReachableCopy(folder: string, options: CopyOptions): string {
  const target = join(options.parent, options.name);
  if (belongsTo(target, options.owner)) return target;
  const draft = mkdtempSync(`${target}-`);
  const copy = join(draft, basename(folder));
  cpSync(folder, copy, { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(copy, target);
  } catch (error) {
    if (!belongsTo(target, options.owner)) throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return target;
}

/** The path below `from` as it is below `to`. */
export const movedPath = (path: string, from: string, to: string): string =>
  path.startsWith(from + sep) ? to + path.slice(from.length) : path;
