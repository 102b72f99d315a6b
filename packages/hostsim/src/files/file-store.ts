import { Refusal } from "../machine/refusal.ts";

/** Contents of regular files by path, and folders that exist without files in them. */
type Entry =
  | {
      readonly kind: "file";
      readonly text: string;
      /** Where the text is not all of it: bytes that are no UTF-8. */
      readonly bytes?: Uint8Array;
    }
  | { readonly kind: "folder" }
  | { readonly kind: "link"; readonly target: string };

/** Files a machine may hold at most; more means something writes without end. */
const FILES_MAX = 100_000;

/** Links followed one after the other. Source: torvalds/linux, MAXSYMLINKS */
const LINKS_MAX = 40;

/** One spelling of a path: absolute, no empty or dotted parts, `/var/run` as the `/run` it links to. */
export function normalizePath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") parts.pop();
    else parts.push(part);
  }
  const text = `/${parts.join("/")}`;
  return text === "/var/run" || text.startsWith("/var/run/") ? text.slice("/var".length) : text;
}

const DEFAULT_MODE = 0o600;
const OWNER_EXECUTES = 0o100;

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf("/")) || "/";

/**
 * Ordinary files. They survive a reboot, except those under `/run`, which is a tmpfs. Files that every
 * machine has are shared and copied nowhere until they are changed.
 */
export class FileStore {
  readonly #shared: ReadonlyMap<string, string>;
  readonly #own = new Map<string, Entry>();
  readonly #removed = new Set<string>();
  readonly #revisions = new Map<string, number>();
  readonly #modes = new Map<string, number>();
  #writes = 0;

  constructor(shared: ReadonlyMap<string, string>) {
    this.#shared = shared;
  }

  read(path: string): string {
    const wanted = this.#follow(path);
    const entry = this.#own.get(wanted);
    if (entry?.kind === "file") return entry.text;
    const shared = this.#removed.has(wanted) ? undefined : this.#shared.get(wanted);
    if (entry === undefined && shared !== undefined) return shared;
    throw new Refusal(this.isFolder(wanted) ? "EISDIR" : "ENOENT");
  }

  /** The file as it lies on the disk. */
  readBytes(path: string): Uint8Array {
    const entry = this.#own.get(this.#follow(path));
    if (entry?.kind === "file" && entry.bytes !== undefined) return entry.bytes;
    return Buffer.from(this.read(path));
  }

  /** As `write`, of bytes that need not be text. */
  writeBytes(path: string, bytes: Uint8Array): void {
    const text = Buffer.from(bytes).toString();
    this.write(path, text);
    if (Buffer.from(text).equals(bytes)) return;
    this.#own.set(normalizePath(path), { kind: "file", text, bytes });
  }

  isFile(path: string): boolean {
    const wanted = this.#follow(path);
    return (
      this.#own.get(wanted)?.kind === "file" ||
      (this.#shared.has(wanted) && !this.#removed.has(wanted))
    );
  }

  /** Stands for the time the file was changed: a number that every write raises. */
  revision(path: string): number {
    return this.#revisions.get(normalizePath(path)) ?? 0;
  }

  isFolder(path: string): boolean {
    const wanted = normalizePath(path);
    if (wanted === "/" || this.#own.get(wanted)?.kind === "folder") return true;
    const prefix = `${wanted}/`;
    return this.#paths().some((each) => each.startsWith(prefix));
  }

  /** Creates or replaces a file, with the folders above it. */
  write(path: string, text: string): void {
    const wanted = normalizePath(path);
    if (this.isFolder(wanted)) throw new Refusal("EISDIR");
    if (this.#own.size >= FILES_MAX) throw new Refusal("ENOSPC");
    this.makeFolder(parentOf(wanted));
    this.#own.set(wanted, { kind: "file", text });
    this.#writes += 1;
    this.#revisions.set(wanted, this.#writes);
  }

  /** Target of a symbolic link as written; undefined for anything else. */
  findLink(path: string): string | undefined {
    const entry = this.#own.get(normalizePath(path));
    return entry?.kind === "link" ? entry.target : undefined;
  }

  /** Makes a symbolic link in place of whatever file or link is there. */
  makeLink(path: string, target: string): void {
    const wanted = normalizePath(path);
    this.remove(wanted);
    this.makeFolder(parentOf(wanted));
    this.#own.set(wanted, { kind: "link", target });
  }

  /** Permission bits. The agent makes files for itself alone. */
  mode(path: string): number {
    return this.#modes.get(normalizePath(path)) ?? DEFAULT_MODE;
  }

  setMode(path: string, mode: number): void {
    this.#modes.set(normalizePath(path), mode);
  }

  isExecutable(path: string): boolean {
    return (this.mode(path) & OWNER_EXECUTES) !== 0 && this.isFile(path);
  }

  makeFolder(path: string): void {
    const wanted = normalizePath(path);
    if (wanted === "/") return;
    if (this.isFile(wanted)) throw new Refusal("ENOTDIR");
    this.makeFolder(parentOf(wanted));
    if (!this.isFolder(wanted)) this.#own.set(wanted, { kind: "folder" });
  }

  /** Removes a file, or a folder with all in it. @returns whether there was something */
  remove(path: string): boolean {
    const wanted = normalizePath(path);
    const prefix = `${wanted}/`;
    const gone = this.#paths().filter((each) => each === wanted || each.startsWith(prefix));
    for (const each of gone) {
      this.#own.delete(each);
      this.#modes.delete(each);
      if (this.#shared.has(each)) this.#removed.add(each);
    }
    return gone.length > 0;
  }

  /** Names in a folder, sorted. @throws Refusal ENOENT, ENOTDIR */
  list(path: string): readonly string[] {
    const wanted = normalizePath(path);
    if (this.isFile(wanted)) throw new Refusal("ENOTDIR");
    if (!this.isFolder(wanted)) throw new Refusal("ENOENT");
    const prefix = wanted === "/" ? "/" : `${wanted}/`;
    const names = this.#paths()
      .filter((each) => each.startsWith(prefix) && each.length > prefix.length)
      .map((each) => each.slice(prefix.length).split("/")[0] as string); // split never gives none
    return [...new Set(names)].sort();
  }

  /** What a reboot does to a tmpfs. */
  forgetRuntime(): void {
    this.remove("/run");
  }

  /** Where a path leads; only its last part is followed. A loop ends at the bound and is no file. */
  #follow(path: string): string {
    let wanted = normalizePath(path);
    for (let links = 0; links < LINKS_MAX; links += 1) {
      const target = this.findLink(wanted);
      if (target === undefined) return wanted;
      wanted = normalizePath(target.startsWith("/") ? target : `${parentOf(wanted)}/${target}`);
    }
    return wanted;
  }

  #paths(): readonly string[] {
    const shared = [...this.#shared.keys()].filter((path) => !this.#removed.has(path));
    return [...new Set([...shared, ...this.#own.keys()])];
  }
}
