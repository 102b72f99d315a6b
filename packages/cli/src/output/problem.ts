import type { Style } from "./style.ts";
import { padEnd, plainText } from "./text.ts";

/** An error, a job's failure or a finding, in the one shape all three are shown in. */
export interface Problem {
  readonly severity: "error" | "warning";
  readonly message: string;
  /** Stable code; empty when it did not come from Switchyard. */
  readonly reason: string;
  /** Label and text, in order; empty ones are left out. */
  readonly facts: readonly (readonly [label: string, text: string | undefined])[];
  readonly requestId?: string;
}

/** Column in which the reason stands, unless the message is longer. */
const REASON_COLUMN = 63;
const REQUEST_COLUMN = 49;
const LABEL_WIDTH = 5;

/**
 * ```
 * error: r740-07 cannot enter switchdev mode                     [ESWITCH_FIRMWARE_TOO_OLD]
 *   found  firmware 22.27.61.06 on 0000:82:00.0 (PSID DEL0000000027)
 *   needs  22.39.10.02 or newer
 *   try    Update the firmware to 22.39.10.02 or newer.
 *   more   swy explain ESWITCH_FIRMWARE_TOO_OLD    request 01J9ZK…
 * ```
 */
export function formatProblem(problem: Problem, style: Style): string {
  const { severity, reason } = problem;
  const word = severity === "error" ? style.red("error:") : style.bold("warning:");
  const head = `${word} ${plainText(problem.message)}`;
  const title = reason === "" ? head : `${padEnd(head, REASON_COLUMN - 2)}  [${reason}]`;
  const facts = problem.facts.filter(([, text]) => text !== undefined && text !== "");
  const width = Math.max(LABEL_WIDTH, ...facts.map(([label]) => label.length));
  const lines = facts.map(([label, text]) => factLines(label.padEnd(width), plainText(text ?? "")));
  return `${[title, ...lines.flat(), ...moreLine(problem, width)].join("\n")}\n`;
}

/** Later lines of a fact, such as the rest of a tool's stderr, line up under its first. */
function factLines(label: string, text: string): readonly string[] {
  const [first = "", ...rest] = text.trimEnd().split("\n");
  const margin = " ".repeat(label.length + 4);
  return [`  ${label}  ${first}`, ...rest.map((line) => margin + line)];
}

function moreLine({ reason, requestId }: Problem, width: number): readonly string[] {
  const request = requestId === undefined || requestId === "" ? "" : `request ${requestId}`;
  if (reason === "" && request === "") return [];
  const more = reason === "" ? "" : `  ${"more".padEnd(width)}  swy explain ${reason}`;
  if (request === "") return [more];
  return [more === "" ? `  ${request}` : `${more.padEnd(REQUEST_COLUMN)}  ${request}`];
}
