import {
  Likelihood,
  type RankedCause,
  Soundness,
  type SymptomExplanation,
} from "@switchyard/client";
import type { Mood, Style } from "../output/style.ts";
import { formatFields } from "../output/table.ts";
import { indent, plainText } from "../output/text.ts";
import { enumWord } from "../output/values.ts";

/** Causes shown to people; JSON has all of them. */
const CAUSES_SHOWN = 12;

const MOOD_OF: Readonly<Partial<Record<Likelihood, Mood>>> = {
  [Likelihood.CONFIRMED]: "bad",
  [Likelihood.SUSPECTED]: "warn",
  [Likelihood.RULED_OUT]: "good",
};

function formatCause(ranked: RankedCause, style: Style): string {
  const { id, cause, likelihood, evidence, fix, checks } = ranked;
  const word = style.state(MOOD_OF[likelihood] ?? "plain", enumWord(Likelihood, likelihood));
  const details = formatFields([
    ...evidence.map((fact): [string, string] => ["found", plainText(fact)]),
    ["checks", checks.join(", ")],
    ["try", fix],
  ]);
  return `  ${word}  ${cause}  [${id}]\n${indent(details, 2)}`;
}

const SOUNDNESS: Readonly<Partial<Record<Soundness, readonly [Mood, string]>>> = {
  [Soundness.SOUND]: ["good", "yes"],
  [Soundness.TROUBLED]: ["bad", "no"],
};

function formatOrder({ orderTitle, order }: SymptomExplanation, style: Style): string {
  if (order.length === 0) return "";
  const lines = order.map(({ question, hint, soundness, checks }, at) => {
    const [mood, word] = SOUNDNESS[soundness] ?? (["plain", "not known"] as const);
    const facts = formatFields([
      ["checks", checks.join(", ")],
      ["by hand", hint],
    ]);
    return `${String(at + 1).padStart(3)}  ${question}  ${style.state(mood, word)}\n${indent(facts, 3)}`;
  });
  return `\n${style.bold(`In which order to look when ${orderTitle}`)}\n${lines.join("")}`;
}

/** What may be behind a text, likeliest first. */
export function formatSymptom(explanation: SymptomExplanation, style: Style): string {
  if (!explanation.isKnown) {
    return "the catalogue does not know this text, and does not guess; see swy doctor HOST for what its checks find\n";
  }
  const shown = explanation.causes.slice(0, CAUSES_SHOWN);
  const rest = explanation.causes.length - shown.length;
  const causes = shown.map((cause) => formatCause(cause, style)).join("");
  const none = explanation.causes.length === 0 ? "no check of the host finds a cause\n" : "";
  const more = rest > 0 ? `  and ${rest} more: -o json shows all\n` : "";
  return `${none}${causes}${more}${formatOrder(explanation, style)}`;
}
