import {
  CHECKS,
  type CheckId,
  checkEntry,
  explanationOf,
  isCheckId,
  isReason,
  isSymptomId,
  REASONS,
  type Reason,
  SYMPTOMS,
  type SymptomId,
} from "@switchyard/model";
import { EXIT_CODES, exitCodeOfStatus } from "../../exit-codes.ts";
import { printDocument } from "../../output/print.ts";
import { formatFields, formatTable } from "../../output/table.ts";
import { defineVerb } from "../../verb.ts";

/** Page of the documentation that lists every check. */
const CHECKS_PAGE = "docs/diagnosis.md";

interface Explained {
  readonly json: unknown;
  readonly text: string;
}

/** Offline: the registries of reasons and checks are part of the program. */
export const verb = defineVerb({
  configure: (command) => {
    command.argument(
      "[code]",
      "a reason such as ESWITCH_FIRMWARE_TOO_OLD, or a check such as C10; all of them without one",
    );
  },
  run: async ({ context, args: [typed] }) => {
    if (typed === undefined) {
      const { style, settings } = context;
      const columns = [
        { header: "CODE", cell: ([code]: (typeof ALL)[number]) => code },
        { header: "MEANING", cell: ([, meaning]: (typeof ALL)[number]) => meaning },
      ];
      const text = formatTable(columns, ALL, { style, hasHeaders: settings.hasHeaders });
      await printDocument(context, { json: { reasons: REASONS, checks: CHECKS }, text });
      return undefined;
    }
    const explained = explain(typed);
    if (explained !== undefined) {
      await printDocument(context, explained);
      return undefined;
    }
    context.talk(`error: no reason and no check is called ${typed}`);
    const near = ALL.map(([code]) => code).find((code) => isNear(code, asReason(typed)));
    if (near !== undefined) context.talk(`  try    swy explain ${near}`);
    return EXIT_CODES.notFound.code;
  },
});

const ALL: readonly (readonly [code: string, meaning: string])[] = [
  ...Object.entries(REASONS).map(([reason, { summary }]) => [reason, summary] as const),
  ...Object.entries(CHECKS).map(([id, { title }]) => [id, `${title}.`] as const),
];

const asReason = (typed: string): string => typed.toUpperCase().replaceAll("-", "_");

function explain(typed: string): Explained | undefined {
  const id = typed.toUpperCase();
  const reason = asReason(typed);
  if (isReason(reason)) return explainReason(reason);
  if (isCheckId(id)) return explainCheck(id);
  return isSymptomId(id) ? explainEntry(id) : undefined;
}

const causeFields = (causes: readonly string[]): [string, string][] =>
  causes.map((cause) => ["cause", cause]);

const checkFields = (checks: readonly CheckId[]): [string, string][] =>
  checks.map((id) => ["check", `${id}: ${checkEntry(id).title}`]);

function explainReason(reason: Reason): Explained {
  const { code, summary, fix } = REASONS[reason];
  const { causes, checks } = explanationOf(reason);
  const text = `${reason}\n${formatFields([
    ["meaning", summary],
    ...causeFields(causes),
    ...checkFields(checks),
    ["try", fix],
    ["gRPC status", code],
    ["exit code", String(exitCodeOfStatus(code))],
    ["doc", checks.length === 0 ? undefined : CHECKS_PAGE],
  ])}`;
  return { json: { reason, ...REASONS[reason], causes, checks }, text };
}

function explainCheck(id: CheckId): Explained {
  const { group, title, causes, fix, safeFix } = checkEntry(id);
  const text = `${id}\n${formatFields([
    ["passes when", title],
    ["group", group],
    ...causeFields(causes),
    ["try", fix],
    ["safe fix", safeFix === undefined ? undefined : "swy doctor HOST --fix safe"],
    ["run it", id.startsWith("CTL-") ? `swy doctor --only ${id}` : `swy doctor HOST --only ${id}`],
    ["doc", CHECKS_PAGE],
  ])}`;
  return { json: { id, ...checkEntry(id) }, text };
}

/** An entry of the diagnosis catalogue that no check is named after. */
function explainEntry(id: SymptomId): Explained {
  const { cause, fix, checks, confidence } = SYMPTOMS[id];
  const text = `${id}\n${formatFields([
    ["cause", cause],
    ...checkFields(checks),
    ["try", fix],
    ["confidence", confidence],
    ["doc", CHECKS_PAGE],
  ])}`;
  return { json: { id, cause, fix, checks, confidence }, text };
}

/** Shares a word with what was typed. */
const isNear = (code: string, typed: string): boolean =>
  typed.split("_").some((word) => word.length > 2 && code.split(/[_-]/).includes(word));
