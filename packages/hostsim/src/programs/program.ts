import { type Act, startAct } from "../machine/act.ts";
import type { Machine } from "../machine/machine.ts";
import { Refusal, strerror } from "../machine/refusal.ts";

/** What a program left behind when it ended. */
export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program under way on a machine. */
export interface Invoked {
  readonly act: Act;
  readonly machine: Machine;
  /** Arguments after the program's name. */
  readonly args: readonly string[];
  readonly stdin: string;
  /** Folder it works in; undefined: the root. */
  readonly folder?: string;
  /** RLIMIT_MEMLOCK in bytes. */
  readonly memoryLockBytes: number;
  /** Devices it may open, where its cgroup bounds them. */
  readonly allowedDevices?: readonly string[];
}

export type Program = (invoked: Invoked) => Ended | Promise<Ended>;

export const printed = (stdout: string): Ended => ({ exitCode: 0, stdout, stderr: "" });
export const printedJson = (value: unknown): Ended => printed(`${JSON.stringify(value)}\n`);
export const failed = (stderr: string, exitCode = 1): Ended => ({
  exitCode,
  stdout: "",
  stderr: stderr.endsWith("\n") || stderr === "" ? stderr : `${stderr}\n`,
});

/**
 * How iproute2's tools report a refusal: the extended acknowledgement if there is one, with a full
 * stop, then the errno's words.
 *
 * @see iproute2/iproute2 lib/libnetlink.c, lib/mnl_utils.c
 */
export function refused(error: unknown, prefix = "kernel answers"): Ended {
  if (!(error instanceof Refusal)) throw error;
  const { extack } = error;
  const dot = extack?.endsWith(".") ? "" : ".";
  const first = extack === undefined ? "" : `Error: ${extack}${dot}\n`;
  return failed(`${first}${prefix}: ${strerror(error.errno)}\n`);
}

/** A caller of {@link Program}s for programs that run another one. */
export const invocation = (machine: Machine): Pick<Invoked, "act" | "machine"> => ({
  act: startAct(machine),
  machine,
});

/** Splits leading options (`-j`, `--json`) from the words; iproute2 takes them anywhere before. */
export function splitOptions(args: readonly string[]): {
  readonly options: readonly string[];
  readonly words: readonly string[];
} {
  const firstWord = args.findIndex((arg) => !arg.startsWith("-"));
  const at = firstWord === -1 ? args.length : firstWord;
  return { options: args.slice(0, at), words: args.slice(at) };
}

/** Whether a command word stands for `full`: iproute2 takes every beginning of a keyword. */
export const isWord = (word: string | undefined, full: string): boolean =>
  word !== undefined && word !== "" && full.startsWith(word);

/** `key value key value …` after a command, as iproute2 reads arguments. */
export function keyValues(words: readonly string[]): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  for (let at = 0; at < words.length; at += 2) {
    pairs.set(words[at] as string, words[at + 1] ?? ""); // at < words.length
  }
  return pairs;
}
