import {
  type Comparison,
  differenceTable,
  equalTable,
  groupTable,
  headingOf,
  LATENCY_HEADING,
  LEGEND,
  latencyTable,
  type MetricGroup,
  type TextTable,
  titleOf,
} from "@switchyard/analysis";
import type { Style } from "../output/style.ts";
import { formatTable } from "../output/table.ts";
import { plainText } from "../output/text.ts";

const NUMBERS: ReadonlySet<string> = new Set(["MEDIAN", "N", "P", "MAX", "LOST"]);
const isNumber = (header: string): boolean => NUMBERS.has(header) || /^P\d/.test(header);

/** Names and facts come from hosts and guests. */
function formatText({ headers, rows }: TextTable, style: Style): string {
  const columns = headers.map((header, at) => ({
    header,
    isNumber: isNumber(header),
    cell: (row: readonly string[]) => plainText(row[at] ?? ""),
  }));
  return formatTable(columns, rows, { style, hasHeaders: true });
}

export const formatGroup = (group: MetricGroup, style: Style): string =>
  `${style.bold(headingOf(group.metric))}\n${formatText(groupTable(group), style)}`;

function formatEnvironment({ environment }: Comparison, style: Style): string {
  const { differences, equal } = environment;
  const parts = [
    style.bold("environment"),
    differences.length === 0
      ? "no differences are known\n"
      : formatText(differenceTable(differences), style),
  ];
  const same = Object.keys(equal).length === 0 ? "" : formatText(equalTable(equal), style);
  return `${parts.join("\n")}${same}`;
}

const formatWarnings = ({ warnings }: Comparison, style: Style): string =>
  warnings.map((warning) => `${style.state("warn", plainText(warning))}\n`).join("");

/** A comparison for people: what may make figures differ stands before them. */
export function formatComparison(comparison: Comparison, style: Style): string {
  const latency = latencyTable(comparison.subjects);
  const parts = [
    `${style.bold(titleOf(comparison))}\n`,
    formatEnvironment(comparison, style),
    formatWarnings(comparison, style),
    ...comparison.groups.map((group) => formatGroup(group, style)),
    latency === undefined ? "" : `${style.bold(LATENCY_HEADING)}\n${formatText(latency, style)}`,
    `${LEGEND}\n`,
  ];
  return parts.filter((part) => part !== "").join("\n");
}
