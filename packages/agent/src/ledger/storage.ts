/** A journal segment opened for writing. */
export interface LedgerFile {
  /** Writes at `position`. @throws Error with code ENOSPC when there is no room; the position stays valid */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Makes what was written survive a power cut. */
  sync(): Promise<void>;
  /** Makes the file `size` bytes long with real zeros, so that later writes need no new space. */
  allocate(size: number): Promise<void>;
  close(): Promise<void>;
}

/** The folder the ledger lives in: always of the agent's own process, never of the Host port. */
export interface LedgerStorage {
  /** Names of the files, sorted; none when the folder is new. */
  list(): Promise<readonly string[]>;
  read(name: string): Promise<Uint8Array>;
  /** Opens a file, made if absent, after cutting it to `size` bytes. */
  open(name: string, size: number): Promise<LedgerFile>;
  /** Creates or replaces a file as a whole: temporary file, fsync, rename, fsync of the folder. */
  replace(name: string, bytes: Uint8Array): Promise<void>;
  remove(name: string): Promise<void>;
}

/** True for the error of a full disk, quota included. */
export function isNoSpace(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ENOSPC" || code === "EDQUOT";
}
