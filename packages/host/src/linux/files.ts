import { constants } from "node:fs";
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readlink,
  rename,
  rm,
  stat,
} from "node:fs/promises";
import { dirname } from "node:path";
import { CommandError } from "@switchyard/model";
import { type Clock, newUuid, type Random, Semaphore } from "@switchyard/runtime";
import { HostFileError, RANGE_BYTES_MAX } from "../port/host.ts";

/** The largest file that is read whole. */
const READ_BYTES_MAX = 16 * 1024 * 1024;
const READ_CHUNK_BYTES = 64 * 1024;
/** Default bound on a write into sysfs, which may wait for firmware. */
const WRITE_TIMEOUT_MS = 120_000;
/**
 * Writes at once. One that hangs in a driver holds a thread of Node's pool of four until the kernel lets
 * go; two are kept free for all other file access.
 */
const WRITES_AT_ONCE_MAX = 2;

/** File access of the Linux host; errno values become HostFileError. */
export function createFiles(options: { readonly clock: Clock; readonly random: Random }) {
  const { clock, random } = options;
  const writers = new Semaphore(WRITES_AT_ONCE_MAX);
  return {
    readFile: (path: string) => translated(path, () => readWhole(path)),
    writeFile: (path: string, text: string, timeoutMs = WRITE_TIMEOUT_MS) =>
      within({ path, timeoutMs, clock }, () =>
        writers.run(() => translated(path, () => writeOnce(path, text))),
      ),
    replaceFile: (path: string, text: string) =>
      translated(path, () => replace(path, text, newUuid(clock, random))),
    remove: (path: string) => translated(path, () => rm(path, { recursive: true, force: true })),
    listFolder: (path: string) => translated(path, async () => (await readdir(path)).sort()),
    readLink: (path: string) => translated(path, () => readlink(path)),
    exists: (path: string) =>
      stat(path).then(
        () => true,
        () => false,
      ),
    readRange: (path: string, offset: number, length: number) =>
      translated(path, () => readPart(path, offset, length)),
    writeRange: (path: string, offset: number, bytes: Uint8Array) =>
      translated(path, () => writePart(path, offset, bytes)),
    makeFolder: (path: string) =>
      translated(path, async () => {
        await mkdir(path, { recursive: true });
      }),
  };
}

async function translated<Result>(path: string, access: () => Promise<Result>): Promise<Result> {
  try {
    return await access();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === undefined) throw cause;
    throw new HostFileError(code, path, { cause });
  }
}

async function readWhole(path: string): Promise<string> {
  await using file = await open(path, constants.O_RDONLY);
  const chunks: Buffer[] = [];
  for (let bytes = 0; bytes <= READ_BYTES_MAX; ) {
    // sysfs and procfs files have no size, so reading goes on until nothing comes.
    const { bytesRead, buffer } = await file.read(Buffer.alloc(READ_CHUNK_BYTES));
    if (bytesRead === 0) return Buffer.concat(chunks).toString();
    chunks.push(buffer.subarray(0, bytesRead));
    bytes += bytesRead;
  }
  throw new HostFileError("EFBIG", path);
}

const isRange = (offset: number, length: number): boolean =>
  Number.isSafeInteger(offset) &&
  offset >= 0 &&
  Number.isInteger(length) &&
  length >= 1 &&
  length <= RANGE_BYTES_MAX;

async function readPart(path: string, offset: number, length: number): Promise<Uint8Array> {
  if (!isRange(offset, length)) throw new HostFileError("EINVAL", path);
  await using file = await open(path, constants.O_RDONLY);
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

async function writePart(path: string, offset: number, bytes: Uint8Array): Promise<void> {
  if (!isRange(offset, bytes.length)) throw new HostFileError("EINVAL", path);
  await using file = await open(path, constants.O_WRONLY | constants.O_CREAT, PRIVATE_MODE);
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await file.write(
      bytes,
      written,
      bytes.length - written,
      offset + written,
    );
    written += bytesWritten;
  }
}

async function writeOnce(path: string, text: string): Promise<void> {
  await using file = await open(path, constants.O_WRONLY);
  await file.write(text);
}

async function within<Result>(
  bound: { readonly path: string; readonly timeoutMs: number; readonly clock: Clock },
  work: () => Promise<Result>,
): Promise<Result> {
  const finished = new AbortController();
  const late = bound.clock.sleep(bound.timeoutMs, finished.signal).then(() => "late" as const);
  const working = work().then((result) => ({ result }));
  working.catch(() => undefined);
  try {
    const first = await Promise.race([working, late]);
    if (first !== "late") return first.result;
  } finally {
    finished.abort();
  }
  throw new CommandError(
    "COMMAND_TIMED_OUT",
    `a write to ${bound.path} did not end in time`,
    { path: bound.path },
    { retry: "observe-first" },
  );
}

async function replace(path: string, text: string, unique: string): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const temporary = `${path}.${unique}.tmp`;
  try {
    await writeSynced(temporary, text);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await using opened = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  await opened.sync();
}

async function writeSynced(path: string, text: string): Promise<void> {
  await using file: FileHandle = await open(path, "wx", PRIVATE_MODE);
  await file.writeFile(text);
  await file.sync();
}

/** Stamps and profiles are the agent's alone. */
const PRIVATE_MODE = 0o600;
