import {
  type Argv,
  CommandError,
  type ErrorMetadata,
  HostError,
  type Reason,
  type Retry,
} from "@switchyard/model";
import {
  type Command,
  type CommandResult,
  type Host,
  HostFileError,
  SIGNAL_STATUS_BASE,
} from "../port/host.ts";
import { parseJson } from "./json.ts";
import { isFamilyAbsent } from "./netlink.ts";

/** Bytes of stderr kept in an error: the end, where tools say what went wrong. */
const STDERR_KEPT_MAX = 2048;

/** What every failed command says of itself. */
export const failureMetadata = (argv: Argv, result: CommandResult): ErrorMetadata => ({
  argv: argv.join(" "),
  exitCode: String(result.exitCode),
  stderr: result.stderr.trim().slice(-STDERR_KEPT_MAX),
});

/** Highest number of a signal. @see signal(7) */
const SIGNAL_MAX = 64;

/** A program that was killed, by a shutdown or for want of memory, may have done its work. */
const retryAfter = ({ exitCode }: CommandResult): { readonly retry?: Retry } =>
  exitCode > SIGNAL_STATUS_BASE && exitCode <= SIGNAL_STATUS_BASE + SIGNAL_MAX
    ? { retry: "observe-first" }
    : {};

/** A refusal by the host, with the command that met it. */
export function hostError(options: {
  readonly reason: Reason;
  readonly message: string;
  readonly argv: Argv;
  readonly result: CommandResult;
  readonly metadata?: ErrorMetadata;
  readonly retry?: Retry;
}): HostError {
  return new HostError(
    options.reason,
    options.message,
    { ...failureMetadata(options.argv, options.result), ...options.metadata },
    options.retry === undefined ? retryAfter(options.result) : { retry: options.retry },
  );
}

/** A refused file access as a HostError, its errno given a meaning by the caller. */
export function fileError(error: HostFileError, reason: Reason, message: string): HostError {
  return new HostError(reason, message, { path: error.path, errno: error.errno }, { cause: error });
}

/**
 * Runs a program that is expected to succeed.
 *
 * @throws CommandError COMMAND_FAILED for a non-zero exit status
 */
export async function runChecked(host: Host, command: Command): Promise<CommandResult> {
  const result = await host.run(command);
  if (result.exitCode === 0) return result;
  throw commandError(command.argv, result);
}

/** Undefined for a program that is not installed. @throws CommandError COMMAND_TIMED_OUT */
export async function runOptional(
  host: Host,
  command: Command,
): Promise<CommandResult | undefined> {
  try {
    return await host.run(command);
  } catch (error) {
    if (error instanceof CommandError && error.reason === "COMMAND_NOT_STARTED") return undefined;
    throw error;
  }
}

/**
 * Runs a program that prints JSON. The exit status is looked at first: on an error iproute2 leaves a
 * half-open document. Blank output is an empty list, as `ip -j` prints it.
 *
 * @throws CommandError COMMAND_FAILED, COMMAND_OUTPUT_UNREADABLE
 */
export async function runJson(host: Host, argv: Argv): Promise<unknown> {
  return readJson(argv, await runChecked(host, { argv }));
}

/**
 * As `runJson`, for a generic netlink family that may be absent: before its module is loaded there is
 * nothing of its kind, which is an empty list and no failure.
 *
 * @throws CommandError COMMAND_FAILED, COMMAND_OUTPUT_UNREADABLE
 */
export async function runFamilyJson(host: Host, argv: Argv): Promise<unknown> {
  const result = await host.run({ argv });
  if (result.exitCode === 0) return readJson(argv, result);
  if (isFamilyAbsent(result.stderr)) return [];
  throw commandError(argv, result);
}

/** A program that should have succeeded. */
export const commandError = (argv: Argv, result: CommandResult): CommandError =>
  new CommandError(
    "COMMAND_FAILED",
    `${argv[0]} ended with status ${result.exitCode}`,
    failureMetadata(argv, result),
    retryAfter(result),
  );

/** @throws CommandError COMMAND_OUTPUT_UNREADABLE */
export function readJson(argv: Argv, result: CommandResult): unknown {
  return result.stdout.trim() === "" ? [] : parseOutput(argv, result, result.stdout);
}

/** One document on each line. @throws CommandError COMMAND_OUTPUT_UNREADABLE */
export function readJsonLines(argv: Argv, result: CommandResult): readonly unknown[] {
  const lines = result.stdout.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line) => parseOutput(argv, result, line));
}

function parseOutput(argv: Argv, result: CommandResult, text: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    throw new CommandError(
      "COMMAND_OUTPUT_UNREADABLE",
      `output of ${argv[0]} is no JSON${result.isTruncated ? " because it was cut" : ""}`,
      failureMetadata(argv, result),
      { cause },
    );
  }
}

/** Text of a file, trimmed; undefined when it is absent or its driver does not answer. */
export async function readOptional(host: Host, path: string): Promise<string | undefined> {
  try {
    return (await host.readFile(path)).trim();
  } catch (error) {
    if (error instanceof HostFileError) return undefined;
    throw error;
  }
}

/** Last part of a link's target; undefined when there is no link. */
export async function readLinkName(host: Host, path: string): Promise<string | undefined> {
  try {
    return (await host.readLink(path)).split("/").at(-1);
  } catch (error) {
    if (error instanceof HostFileError) return undefined;
    throw error;
  }
}

/** Names in a folder; none when it is absent. */
export async function listOptional(host: Host, path: string): Promise<readonly string[]> {
  try {
    return await host.listFolder(path);
  } catch (error) {
    if (error instanceof HostFileError) return [];
    throw error;
  }
}

/**
 * Names in a folder; none when it is absent.
 *
 * @throws HostFileError for one that is there and can't be read: what is in it is not known
 */
export async function listIfThere(host: Host, path: string): Promise<readonly string[]> {
  try {
    return await host.listFolder(path);
  } catch (error) {
    if (error instanceof HostFileError && error.errno === "ENOENT") return [];
    throw error;
  }
}
