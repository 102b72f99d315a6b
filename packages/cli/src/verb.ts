import type { Command } from "commander";
import type { Context } from "./context.ts";
import type { ExitCode, ProgramStatus } from "./exit-codes.ts";
import type { SpecialFormat } from "./settings.ts";

/** One verb of one noun: how its part of the command line is parsed, and what it does. */
export interface Verb<Options extends object = object> {
  /** Adds arguments, options and examples. */
  readonly configure: (command: Command) => void;
  /** What `-o` takes beside the formats that all verbs know. */
  readonly formats?: readonly SpecialFormat[];
  /** Returns the exit code where it is not 0. */
  readonly run: (call: VerbCall<Options>) => Promise<ExitCode | ProgramStatus | undefined>;
}

export interface VerbCall<Options extends object> {
  readonly context: Context;
  /** Positional arguments in order; commander has checked their number. */
  readonly args: readonly string[];
  readonly options: Options;
}

/**
 * Fixes the type of a verb's options, which commander can't know: they are what `configure` declares. Verbs
 * then stand in one table whatever their options.
 */
export const defineVerb = <Options extends object>(verb: Verb<Options>): Verb =>
  verb as unknown as Verb;
