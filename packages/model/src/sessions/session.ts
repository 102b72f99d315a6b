import type { Reason } from "../errors/reasons/reasons.ts";
import type { VmId } from "../ids/ids.ts";
import { parseVmId } from "../ids/ids.ts";
import { isRecord } from "./is-record.ts";

/** Why a live session between a controller and an agent is over. */
export interface SessionEnd {
  /** Undefined: it came to its own end. */
  readonly reason: Reason | undefined;
  /** For the person at its end. */
  readonly message: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** What came of it, where it was to bring something. */
  readonly result?: unknown;
}

/** Asks for a VM's serial console. */
export interface ConsoleRequest {
  readonly vm: VmId;
  /** Who asks; told to whoever finds the console in use. */
  readonly who: string;
  /** Ends the session of whoever has it. */
  readonly isTaking: boolean;
}

/** Asks for a program to be run in a guest, without a shell. */
export interface ExecRequest {
  readonly vm: VmId;
  readonly argv: readonly [program: string, ...args: string[]];
  readonly timeoutMs: number;
}

/** Asks for a piece of a VM's serial log. */
export interface VmLogRequest {
  readonly vm: VmId;
  /** Number of the first byte wanted; undefined: `tailBytes` before its end. */
  readonly fromByte?: number | undefined;
  readonly tailBytes: number;
}

/** How a program in a guest ended. */
export interface ExecOutcome {
  /** 128 and more for a death by signal. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Output beyond the bound was dropped. */
  readonly isTruncated: boolean;
}

/** Bounds on programs run in guests. */
export const EXEC_LIMITS = {
  argumentsMax: 64,
  /** Of all arguments together. */
  argumentBytesMax: 16 * 1024,
  timeoutMsMax: 10 * 60_000,
  timeoutMsDefault: 30_000,
  /** Of stdout and of stderr. */
  outputBytesMax: 256 * 1024,
} as const;

const isText = (value: unknown): value is string => typeof value === "string";
const isBytes = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;

/** Undefined where the value is no request. @throws InvalidInputError NAME_MALFORMED */
export function parseConsoleRequest(value: unknown): ConsoleRequest | undefined {
  if (!isRecord(value) || !isText(value["vm"]) || !isText(value["who"])) return undefined;
  return { vm: parseVmId(value["vm"]), who: value["who"], isTaking: value["isTaking"] === true };
}

/** Undefined where the value is no request within {@link EXEC_LIMITS}. @throws InvalidInputError NAME_MALFORMED */
export function parseExecRequest(value: unknown): ExecRequest | undefined {
  if (!isRecord(value) || !isText(value["vm"])) return undefined;
  const { argv, timeoutMs } = value;
  if (!Array.isArray(argv) || !argv.every(isText)) return undefined;
  const [program, ...args] = argv;
  if (program === undefined || !isBytes(timeoutMs)) return undefined;
  if (timeoutMs > EXEC_LIMITS.timeoutMsMax || args.length > EXEC_LIMITS.argumentsMax)
    return undefined;
  return { vm: parseVmId(value["vm"]), argv: [program, ...args], timeoutMs };
}

/** Undefined where the value is no request. @throws InvalidInputError NAME_MALFORMED */
export function parseVmLogRequest(value: unknown): VmLogRequest | undefined {
  if (!isRecord(value) || !isText(value["vm"])) return undefined;
  const { fromByte, tailBytes } = value;
  if (!isBytes(tailBytes) || (fromByte !== undefined && !isBytes(fromByte))) return undefined;
  return { vm: parseVmId(value["vm"]), fromByte, tailBytes };
}

/** Undefined where the value is no outcome. */
export function parseExecOutcome(value: unknown): ExecOutcome | undefined {
  if (!isRecord(value)) return undefined;
  const { exitCode, stdout, stderr, isTruncated } = value;
  if (!Number.isInteger(exitCode) || !isText(stdout) || !isText(stderr)) return undefined;
  return { exitCode: Number(exitCode), stdout, stderr, isTruncated: isTruncated === true };
}
