import {
  Check,
  type CheckResult,
  CheckStatus,
  DiagnosisReport,
  HostKind,
} from "@switchyard/client";
import { EXIT_CODES, type ExitCode } from "../exit-codes.ts";
import type { View } from "../output/print.ts";
import type { Mood, Style } from "../output/style.ts";
import { type Column, formatFields } from "../output/table.ts";
import { indent, padEnd, plainText } from "../output/text.ts";
import { shortName } from "../output/values.ts";
import { kindWord } from "./kinds.ts";

/** Widest id, `LINT-BRIDGE-ADDRESS`, and the widest marked status. */
const ID_WIDTH = 19;
const STATUS_WIDTH = 6;

const STATUSES: Readonly<Partial<Record<CheckStatus, readonly [Mood, string]>>> = {
  [CheckStatus.SKIP]: ["plain", "SKIP"],
  [CheckStatus.PASS]: ["good", "PASS"],
  [CheckStatus.WARN]: ["warn", "WARN"],
  [CheckStatus.FAIL]: ["bad", "FAIL"],
};

export function showCheckStatus(status: CheckStatus, style: Style): string {
  const [mood, word] = STATUSES[status] ?? (["plain", "unknown"] as const);
  return style.state(mood, word);
}

export const countOf = ({ results }: DiagnosisReport, status: CheckStatus): number =>
  results.filter((result) => result.status === status).length;

const number = (status: CheckStatus): Column<DiagnosisReport> => ({
  header: STATUSES[status]?.[1] ?? "",
  isNumber: true,
  cell: (report) => String(countOf(report, status)),
});

const columns: readonly Column<DiagnosisReport>[] = [
  { header: "SUBJECT", cell: ({ subject }) => shortName(subject) },
  {
    header: "KIND",
    cell: ({ hostKind }) => (hostKind === HostKind.UNSPECIFIED ? "" : kindWord(hostKind)),
  },
  { header: "STATUS", cell: ({ status }, style) => showCheckStatus(status, style) },
  number(CheckStatus.FAIL),
  number(CheckStatus.WARN),
  number(CheckStatus.PASS),
  number(CheckStatus.SKIP),
  {
    header: "FOUND",
    cell: ({ results }) =>
      results
        .filter(isBad)
        .map(({ id }) => id)
        .join(", "),
  },
];

/** One line per check; what was seen, why and what to try below those that found something. */
function formatResult(result: CheckResult, style: Style): string {
  const { id, status, title, evidence } = result;
  const mark = padEnd(showCheckStatus(status, style), STATUS_WIDTH);
  const line = `  ${mark}  ${padEnd(id, ID_WIDTH)}  ${title}\n`;
  if (status === CheckStatus.PASS) return line;
  if (status === CheckStatus.SKIP) {
    return style.dim(`${line.trimEnd()}: ${plainText(evidence.join("; "))}\n`);
  }
  const details = formatFields([
    ...evidence.map((fact): [string, string] => ["found", plainText(fact)]),
    ...result.causes.map((cause): [string, string] => ["cause", cause]),
    ["try", plainText(result.fix)],
    ["more", `swy explain ${id}`],
  ]);
  return line + indent(details, STATUS_WIDTH + 2);
}

export const isBad = ({ status }: CheckResult): boolean =>
  status === CheckStatus.FAIL || status === CheckStatus.WARN;

/** 7 where a check of any report failed. */
export const exitCodeOf = (reports: readonly DiagnosisReport[]): ExitCode =>
  reports.some(({ status }) => status === CheckStatus.FAIL)
    ? EXIT_CODES.precondition.code
    : EXIT_CODES.ok.code;

/** Who was looked at, what it stands on, the worst that was found. */
export function headOf(report: DiagnosisReport, style: Style): string {
  const kind = report.hostKind === HostKind.UNSPECIFIED ? "" : `  ${kindWord(report.hostKind)}`;
  return `${style.bold(report.subject)}${kind}  ${showCheckStatus(report.status, style)}\n`;
}

/** `1 fail, 0 warn, 12 pass, 3 skip`. */
export const countsOf = (report: DiagnosisReport): string =>
  [CheckStatus.FAIL, CheckStatus.WARN, CheckStatus.PASS, CheckStatus.SKIP]
    .map((status) => `${countOf(report, status)} ${(STATUSES[status]?.[1] ?? "").toLowerCase()}`)
    .join(", ");

function describe(report: DiagnosisReport, style: Style): string {
  const groups = [...new Set(report.results.map(({ group }) => group))];
  const sections = groups.map((group) => {
    const results = report.results.filter((result) => result.group === group);
    return `${style.bold(group)}\n${results.map((result) => formatResult(result, style)).join("")}`;
  });
  return `${headOf(report, style)}${sections.join("")}${countsOf(report)}\n`;
}

export const diagnosisView: View<DiagnosisReport> = {
  plural: "reports",
  toJson: DiagnosisReport.toJSON,
  nameOf: ({ subject }) => subject,
  columns,
  describe,
};

export const checkView: View<Check> = {
  plural: "checks",
  toJson: Check.toJSON,
  nameOf: ({ id }) => id,
  columns: [
    { header: "CHECK", cell: ({ id }) => id },
    { header: "GROUP", cell: ({ group }) => group },
    { header: "SAFE FIX", cell: ({ safeFix }) => (safeFix === 0 ? "" : "yes") },
    { header: "PASSES WHEN", cell: ({ title }) => title },
  ],
  describe: ({ id, title }) => `${id}  ${title}\n`,
};
