import { styleText } from "node:util";

export const COLOR_WHEN = ["auto", "always", "never"] as const;
export type ColorWhen = (typeof COLOR_WHEN)[number];

/** How a state is to be read: each has a mark of its own, so that colour only repeats it. */
export type Mood = "good" | "busy" | "warn" | "bad" | "plain";

const MOODS = {
  good: { mark: "✓", ascii: "+", color: "green" },
  busy: { mark: "…", ascii: "~", color: "cyan" },
  warn: { mark: "!", ascii: "!", color: "yellow" },
  bad: { mark: "✗", ascii: "x", color: "red" },
  plain: { mark: "·", ascii: "-", color: undefined },
} as const;

/** How text is dressed for one stream. */
export interface Style {
  /** `✓ ready`, in colour where the stream takes it. */
  state(mood: Mood, text: string): string;
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const isSet = (value: string | undefined): boolean => value !== undefined && value !== "";

/**
 * Whether to use colour, by the first rule that speaks: the flag, NO_COLOR, CLICOLOR_FORCE or FORCE_COLOR,
 * CLICOLOR=0, TERM=dumb, then whether the stream is a terminal.
 */
export function wantsColor(
  when: ColorWhen,
  { env, isTty }: { readonly env: Environment; readonly isTty: boolean },
): boolean {
  if (when !== "auto") return when === "always";
  if (isSet(env["NO_COLOR"])) return false;
  const forced = [env["CLICOLOR_FORCE"], env["FORCE_COLOR"]];
  if (forced.some((value) => isSet(value) && value !== "0")) return true;
  if (env["CLICOLOR"] === "0" || env["TERM"] === "dumb") return false;
  return isTty;
}

/** Whether the locale can show marks beyond ASCII. @see locale(7): LC_ALL over LC_CTYPE over LANG */
export function wantsUnicode(env: Environment): boolean {
  if (isSet(env["SWY_ACCESSIBLE"]) && env["SWY_ACCESSIBLE"] !== "0") return false;
  const locale = [env["LC_ALL"], env["LC_CTYPE"], env["LANG"]].find(isSet);
  return /utf-?8/i.test(locale ?? "");
}

export function createStyle(options: {
  readonly isColored: boolean;
  readonly isUnicode: boolean;
}): Style {
  type Format = Parameters<typeof styleText>[0];
  const dress = (format: Format, text: string): string =>
    options.isColored ? styleText(format, text, { validateStream: false }) : text;
  return {
    state: (mood, text) => {
      const { mark, ascii, color } = MOODS[mood];
      const marked = `${options.isUnicode ? mark : ascii} ${text}`;
      return color === undefined ? marked : dress(color, marked);
    },
    bold: (text) => dress("bold", text),
    dim: (text) => dress("dim", text),
    red: (text) => dress(["bold", "red"], text),
  };
}
