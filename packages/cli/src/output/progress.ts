import { stripVTControlCharacters } from "node:util";
import type { JobEvent } from "@switchyard/client";
import type { Context } from "../context.ts";
import { displayWidth, plainText } from "./text.ts";
import { formatBytes } from "./values.ts";

/** Columns of the bar itself. */
const BAR_WIDTH = 20;
const MARKS = { unicode: { full: "█", empty: "░" }, ascii: { full: "#", empty: "." } } as const;
/** Erase the line and go to its beginning. @see console_codes(4), EL */
const ERASE_LINE = "\r\u001b[2K";

/** How far a job is, by its own events. */
export interface Progress {
  readonly total: number;
  readonly done: number;
  readonly title: string;
  /** What the step said last, such as the bytes it has. */
  readonly detail: string;
  readonly isUndoing: boolean;
}

const START: Progress = {
  total: 0,
  done: 0,
  title: "waiting for the host",
  detail: "",
  isUndoing: false,
};

/** Large numbers of bytes as people read them. */
const readable = (line: string): string =>
  plainText(line).replace(/\b(\d{4,}) bytes\b/g, (_, bytes: string) => formatBytes(BigInt(bytes)));

/** The progress after one more event. */
export function advance(progress: Progress, { body }: Pick<JobEvent, "body">): Progress {
  switch (body?.$case) {
    case "accepted":
      return { ...progress, title: "planning", detail: "" };
    case "planned":
      return { ...START, total: body.value.steps.length, title: "planned" };
    case "stepStarted":
      return { ...progress, title: plainText(body.value.title), detail: "" };
    case "stepFinished":
      return { ...progress, done: Math.min(progress.done + 1, progress.total), detail: "" };
    case "stepUndone":
      return { ...progress, done: Math.max(0, progress.done - 1), isUndoing: true, detail: "" };
    case "log":
      return { ...progress, detail: readable(body.value.line) };
    default:
      return progress;
  }
}

/** `████░░░░ 2/7 Create the vDPA device: 12 MiB`, no wider than `columns`. */
export function formatProgress(
  { total, done, title, detail, isUndoing }: Progress,
  { columns, isUnicode }: { readonly columns: number; readonly isUnicode: boolean },
): string {
  const { full, empty } = isUnicode ? MARKS.unicode : MARKS.ascii;
  const filled = total === 0 ? 0 : Math.floor((done / total) * BAR_WIDTH);
  const bar = full.repeat(filled) + empty.repeat(BAR_WIDTH - filled);
  const doing = isUndoing ? `undoing; ${title}` : title;
  const text = `${bar} ${done}/${total} ${doing}${detail === "" ? "" : `: ${detail}`}`;
  const oneLine = text.replaceAll(/\s+/g, " ");
  const room = Math.max(BAR_WIDTH, columns - 1);
  return displayWidth(oneLine) <= room ? oneLine : `${[...oneLine].slice(0, room - 1).join("")}…`;
}

/** Shows a job's way on stderr. */
export interface ProgressShower {
  /** Takes an event, and the line that tells of it, where it is one to be kept. */
  show(event: JobEvent, line: string | undefined): void;
  /** Takes the bar away. May run twice. */
  end(): void;
}

const isOn = (value: string | undefined): boolean =>
  value !== undefined && value !== "" && value !== "0";

/**
 * A bar below the lines on a terminal; lines alone elsewhere, with TERM=dumb, and for who asks with SWY_ACCESSIBLE.
 */
export function createProgressShower(context: Context): ProgressShower {
  const { stderr, env } = context.io;
  const isLive = stderr.isTty && env["TERM"] !== "dumb" && !isOn(env["SWY_ACCESSIBLE"]);
  if (!isLive) {
    return {
      show: (_event, line) => {
        if (line !== undefined) context.talk(line);
      },
      end: () => undefined,
    };
  }
  const isUnicode = stripVTControlCharacters(context.talkStyle.state("good", "")).startsWith("✓");
  let progress = START;
  let hasBar = false;
  const erase = () => {
    if (hasBar) stderr.write(ERASE_LINE);
    hasBar = false;
  };
  return {
    show: (event, line) => {
      progress = advance(progress, event);
      erase();
      if (line !== undefined && event.body?.$case !== "log") context.talk(line);
      if (event.body?.$case === "ended") return;
      stderr.write(formatProgress(progress, { columns: stderr.columns, isUnicode }));
      hasBar = true;
    },
    end: erase,
  };
}
