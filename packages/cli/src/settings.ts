import { parseDuration } from "./input/duration.ts";
import { COLOR_WHEN, type ColorWhen } from "./output/style.ts";
import { UsageError } from "./usage-error.ts";

export const OUTPUT_FORMATS = ["table", "json", "yaml", "name"] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** Formats that only verbs know which say so. */
export const SPECIAL_FORMATS = ["csv", "markdown", "svg"] as const;
export type SpecialFormat = (typeof SPECIAL_FORMATS)[number];

/** Options that every command takes, as commander hands them over. */
export interface GlobalOptions {
  readonly address?: string;
  readonly output?: string;
  readonly headers?: boolean;
  readonly color?: string;
  readonly timeout?: string;
  readonly caFile?: string;
  readonly tokenFile?: string;
  readonly debug?: boolean;
}

/** What holds for the whole run: flags first, then environment, then defaults. */
export interface Settings {
  readonly address: string;
  /** `table` while a special format is asked for. */
  readonly output: OutputFormat;
  /** Set only for verbs that know it. */
  readonly specialFormat: SpecialFormat | undefined;
  readonly hasHeaders: boolean;
  readonly color: ColorWhen;
  /** Undefined: the default of the call or of the wait. */
  readonly timeoutMs: number | undefined;
  readonly caFile: string | undefined;
  readonly tokenFile: string | undefined;
  readonly isDebug: boolean;
}

export const DEFAULT_ADDRESS = "127.0.0.1:7443";

const oneOf = <Choice extends string>(
  choices: readonly Choice[],
  text: string,
  option: string,
): Choice => {
  const choice = choices.find((each) => each === text);
  if (choice !== undefined) return choice;
  throw new UsageError(`${option} can't be "${text}"; it is one of ${choices.join(", ")}`);
};

/** @throws UsageError */
export function readSettings(
  options: GlobalOptions,
  env: Readonly<Record<string, string | undefined>>,
): Settings {
  const specialFormat = SPECIAL_FORMATS.find((format) => format === options.output);
  const output = specialFormat === undefined ? (options.output ?? "table") : "table";
  return {
    address: options.address ?? (env["SWY_ADDR"] || DEFAULT_ADDRESS),
    output: oneOf(OUTPUT_FORMATS, output, "--output"),
    specialFormat,
    hasHeaders: options.headers !== false,
    color: oneOf(COLOR_WHEN, options.color ?? "auto", "--color"),
    timeoutMs: options.timeout === undefined ? undefined : parseDuration(options.timeout),
    caFile: options.caFile ?? (env["SWY_CA_FILE"] || undefined),
    tokenFile: options.tokenFile ?? (env["SWY_TOKEN_FILE"] || undefined),
    isDebug: options.debug === true,
  };
}
