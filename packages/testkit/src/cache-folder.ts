import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Folder of what the project makes once per machine, of one kind; it may not be there yet.
 *
 * @see XDG Base Directory Specification: an empty XDG_CACHE_HOME is as good as none
 */
export const cacheFolder = (kind: string): string =>
  join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "switchyard", kind);
