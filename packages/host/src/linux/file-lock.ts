import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { HostError } from "@switchyard/model";
import type { Clock } from "@switchyard/runtime";
import { execa } from "execa";
import { COMMAND_ENVIRONMENT } from "./environment.ts";

/** Held until it is released or the process ends, however it ends. */
export interface FileLock {
  /** May run twice. */
  release(): Promise<void>;
}

const FLOCK = "flock";
const FLOCK_TIMEOUT_MS = 10_000;
/** What flock says when somebody else holds the lock. @see flock(1), --conflict-exit-code */
const HELD_BY_OTHERS = 99;
const POLL_MS = 500;
/** flock inherits the file as its standard input. */
const INHERITED = 0;

/**
 * Files whose locks are held. Node closes a file that nobody refers to any more, and the kernel would let go
 * under a process that holds its lock until it ends and never looks at it again.
 */
const heldFiles = new Set<FileHandle>();

function hold(file: FileHandle): FileLock {
  heldFiles.add(file);
  return {
    release: async () => {
      heldFiles.delete(file);
      await file.close();
    },
  };
}

/**
 * Takes the exclusive lock of a file, which is made with mode 0600 if absent.
 *
 * The lock belongs to the open file and not to the process that asks for it: flock(1) locks the one it
 * inherits and ends, and the kernel lets go when this process's copy is closed. No program that is started
 * later inherits it, as Node opens files close-on-exec.
 *
 * @param options.timeoutMs how long to wait for others to let go; 0: not at all
 * @returns undefined where others still hold it then, or `signal` was aborted
 * @throws HostError FILE_ACCESS_FAILED
 * @see flock(2), flock(1) of util-linux
 */
export async function takeFileLock(
  path: string,
  options: { readonly clock: Clock; readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<FileLock | undefined> {
  const { clock, timeoutMs, signal } = options;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(path, "a", 0o600);
  const deadlineMs = clock.monotonicMs() + timeoutMs;
  try {
    while (!signal?.aborted) {
      if (await lockOpenFile(path, file.fd)) return hold(file);
      if (clock.monotonicMs() >= deadlineMs) break;
      await clock.sleep(POLL_MS, signal);
    }
  } catch (error) {
    await file.close();
    throw error;
  }
  await file.close();
  return undefined;
}

async function lockOpenFile(path: string, fd: number): Promise<boolean> {
  const args = ["--exclusive", "--nonblock", "--conflict-exit-code", String(HELD_BY_OTHERS)];
  const ended = await execa(FLOCK, [...args, String(INHERITED)], {
    env: COMMAND_ENVIRONMENT,
    extendEnv: false,
    reject: false,
    timeout: FLOCK_TIMEOUT_MS,
    // execa passes on any file; its types know the numbers up to 9 only.
    stdin: fd as 3,
    stdout: "ignore",
    stderr: "pipe",
  });
  if (ended.exitCode === 0) return true;
  if (ended.exitCode === HELD_BY_OTHERS) return false;
  throw new HostError("FILE_ACCESS_FAILED", `${path} could not be locked`, {
    found: ended.stderr.trim() || `exit ${ended.exitCode}`,
    needs: "flock of util-linux, and a file system with locks",
  });
}
