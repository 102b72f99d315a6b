import type { HostKind } from "@switchyard/model";

/** One program to run: never a shell, always `LC_ALL=C`, a fixed PATH and no inherited environment. */
export interface Command {
  readonly argv: readonly [program: string, ...args: string[]];
  /** Bound on the run; at its end the program's process group is killed. */
  readonly timeoutMs?: number;
  readonly stdin?: string;
  readonly signal?: AbortSignal;
  /** Bound on stdout and stderr each; what is beyond is dropped and `isTruncated` set. */
  readonly maxOutputBytes?: number;
}

/** A program that ended by itself, with whatever status. */
export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
  readonly isTruncated: boolean;
}

/** What is added to the number of the signal that ended a program to make its status, as shells do. */
export const SIGNAL_STATUS_BASE = 128;

export const COMMAND_DEFAULTS = { timeoutMs: 30_000, maxOutputBytes: 4 * 1024 * 1024 } as const;

/** Bytes of one {@link Host.readRange} or {@link Host.writeRange} at most: what a caller holds in memory. */
export const RANGE_BYTES_MAX = 1024 * 1024;

/** Carries the errno name (`ENOENT`, `EBUSY`, `EINVAL` …) of a refused file access; the caller gives it meaning. */
export class HostFileError extends Error {
  readonly errno: string;
  readonly path: string;

  constructor(errno: string, path: string, options?: ErrorOptions) {
    super(`${errno} ${path}`, options);
    this.name = "HostFileError";
    this.errno = errno;
    this.path = path;
  }
}

/** A stream socket of the host, line by line: QMP and the guest agent both speak JSON lines. */
export interface LineSocket {
  /** Sends one line; the newline is added. */
  send(line: string): void;
  /** The next line, or undefined when the peer closed or the time is up. */
  receive(timeoutMs: number): Promise<string | undefined>;
  close(): void;
}

/** A stream socket of the host, byte by byte: the other end of a VM's serial port. */
export interface ByteSocket {
  /**
   * Sends bytes; resolves when there is room for more, so that a writer who waits holds no more than one piece.
   *
   * @throws HostFileError EPIPE when the peer or the caller has closed
   */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * The next bytes, at most 64 KiB; undefined once either side has closed and all is read. The peer is made to
   * wait while nobody reads.
   */
  read(): Promise<Uint8Array | undefined>;
  /** Ends a `read` that waits. May run twice. */
  close(): void;
}

/**
 * The one seam between the agent and a machine. Real, lab and simulated hosts differ in this and in
 * nothing else, so that every wrapper and parser above it is the real one on all three.
 */
export interface Host {
  readonly kind: HostKind;

  /**
   * Runs a program to its end.
   *
   * @returns also for a non-zero exit status: the caller knows what it means
   * @throws CommandError COMMAND_NOT_STARTED (no such program), COMMAND_TIMED_OUT (outcome unknown,
   *   retry observe-first)
   */
  run(command: Command): Promise<CommandResult>;

  /** @throws HostFileError with the errno name */
  readFile(path: string): Promise<string>;
  /**
   * Writes into an existing file or device with one write(2), as sysfs needs; never creates.
   *
   * @param timeoutMs drivers can hang in a sysfs write; default 120 s
   * @throws HostFileError with the errno name the kernel answered; CommandError COMMAND_TIMED_OUT
   */
  writeFile(path: string, text: string, timeoutMs?: number): Promise<void>;
  /** Replaces or creates a regular file: temporary file, fsync, rename; makes parent folders. */
  replaceFile(path: string, text: string): Promise<void>;
  /** Removes a file or a folder with all in it; absent is success. */
  remove(path: string): Promise<void>;
  /** Names in a folder, sorted. @throws HostFileError ENOENT, ENOTDIR */
  listFolder(path: string): Promise<readonly string[]>;
  /** Target of a symbolic link as written. @throws HostFileError ENOENT, EINVAL */
  readLink(path: string): Promise<string>;
  exists(path: string): Promise<boolean>;
  /**
   * Bytes of a regular file from an offset on: fewer at its end, none behind it.
   *
   * @param length 1 to {@link RANGE_BYTES_MAX}
   * @throws HostFileError with the errno name; EINVAL for a length or offset that can't be
   */
  readRange(path: string, offset: number, length: number): Promise<Uint8Array>;
  /**
   * Writes bytes into a regular file at an offset and makes it where there is none. What lies between its end
   * and the offset becomes a hole, which reads as zeros. Not synced. May run twice.
   *
   * @param bytes 1 to {@link RANGE_BYTES_MAX}
   * @throws HostFileError with the errno name: ENOSPC, ENOENT for a folder that is not there, EINVAL
   * @see pwrite(2), lseek(2) on holes
   */
  writeRange(path: string, offset: number, bytes: Uint8Array): Promise<void>;
  makeFolder(path: string): Promise<void>;

  /**
   * Waits a while for a listener that is busy with others.
   *
   * @throws HostFileError ENOENT, ECONNREFUSED; EAGAIN where it stays busy
   */
  connectSocket(path: string): Promise<LineSocket>;
  /** As {@link connectSocket}. */
  connectByteSocket(path: string): Promise<ByteSocket>;

  /** Boots the machine anew; resolves once the request is accepted. */
  reboot(reason: string): Promise<void>;
}
