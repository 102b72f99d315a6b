import type { CheckResult, DiagnosisReport } from "@switchyard/client";
import { CheckStatus } from "@switchyard/client";
import type { View } from "../output/print.ts";
import type { Style } from "../output/style.ts";
import { type Column, formatFields, formatTable } from "../output/table.ts";
import { plainText } from "../output/text.ts";
import { countsOf, diagnosisView, headOf, isBad, showCheckStatus } from "./diagnosis.ts";

const COLUMNS: readonly Column<CheckResult>[] = [
  { header: "STATUS", cell: ({ status }, style) => showCheckStatus(status, style) },
  { header: "CHECK", cell: ({ id }) => id },
  { header: "PASSES WHEN", cell: ({ title }) => title },
  { header: "FOUND", cell: ({ evidence }) => plainText(evidence.join("; ")) },
];

/** One thing to try for each check that found something. */
const fixesOf = (results: readonly CheckResult[]): string =>
  formatFields(
    results.filter(isBad).map(({ id, fix }): [string, string] => [id, `try: ${plainText(fix)}`]),
  );

const verdictOf = (status: CheckStatus): string =>
  status === CheckStatus.FAIL
    ? "not fit: mend what failed first"
    : "fit, as far as its facts are known";

function describe(report: DiagnosisReport, style: Style): string {
  const { results, status } = report;
  return (
    headOf(report, style) +
    formatTable(COLUMNS, results, { style, hasHeaders: true }) +
    fixesOf(results) +
    `${countsOf(report)}: ${verdictOf(status)}\n`
  );
}

/** A diagnosis of preflight checks alone, one line each. */
export const preflightView: View<DiagnosisReport> = { ...diagnosisView, describe };
