import { CommanderError } from "commander";
import { type Context, createContext } from "./context.ts";
import { EXIT_CODES, type ExitCode, exitCodeOfStatus, type ProgramStatus } from "./exit-codes.ts";
import type { CliIo } from "./io.ts";
import { isApiError, problemOfApiError } from "./output/error.ts";
import { formatProblem } from "./output/problem.ts";
import { createStyle, wantsColor, wantsUnicode } from "./output/style.ts";
import { buildProgram } from "./program.ts";
import { DEFAULT_ADDRESS, readSettings } from "./settings.ts";
import { UsageError } from "./usage-error.ts";

/** What completion scripts call; the words that follow are no command line yet. */
const COMPLETE = "__complete";

/**
 * Runs one command line to its end.
 *
 * @param args without program and script name
 * @returns the exit code; errors were shown
 */
export async function runCli(
  args: readonly string[],
  io: CliIo,
): Promise<ExitCode | ProgramStatus> {
  const [first, ...words] = args;
  if (first === COMPLETE) {
    const { complete } = await import("./completion/complete.ts");
    await complete(words, io);
    return EXIT_CODES.ok.code;
  }
  let context: Context | undefined;
  let code: ExitCode | ProgramStatus = EXIT_CODES.ok.code;
  const program = buildProgram({
    io,
    open: (options, name) => {
      context = createContext(io, readSettings(options, io.env), name);
      return context;
    },
    finish: (finished) => {
      code = finished ?? EXIT_CODES.ok.code;
    },
  });
  try {
    await program.parseAsync([...args], { from: "user" });
  } catch (error) {
    code = showError(error, io, context);
  }
  await (context as Context | undefined)?.close(code);
  return code;
}

function showError(error: unknown, io: CliIo, context: Context | undefined): ExitCode {
  if (error instanceof CommanderError) {
    // Commander has said what it had to; help and version end with 0.
    return error.exitCode === 0 ? EXIT_CODES.ok.code : EXIT_CODES.usage.code;
  }
  if (io.signal.aborted) return EXIT_CODES.interrupted.code;
  if (error instanceof UsageError) {
    const lines = [`error: ${error.message}`, ...error.problems.map((each) => `  ${each}`)];
    io.stderr.write(`${lines.join("\n")}\n`);
    return EXIT_CODES.usage.code;
  }
  if (context?.settings.isDebug && error instanceof Error) io.stderr.write(`${error.stack}\n`);
  if (isApiError(error)) {
    io.stderr.write(formatApiError(error, io, context));
    return exitCodeOfStatus(error.code);
  }
  io.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  return EXIT_CODES.failed.code;
}

function formatApiError(
  error: Parameters<typeof problemOfApiError>[0],
  io: CliIo,
  context: Context | undefined,
): string {
  if (context?.settings.output === "json") return `${JSON.stringify(error, null, 2)}\n`;
  const style =
    context?.talkStyle ??
    createStyle({
      isColored: wantsColor("auto", { env: io.env, isTty: io.stderr.isTty }),
      isUnicode: wantsUnicode(io.env),
    });
  const problem = problemOfApiError(error, context?.settings.address ?? DEFAULT_ADDRESS);
  return formatProblem(problem, style);
}
