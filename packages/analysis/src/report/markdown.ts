import type { Comparison } from "../compare/compare.ts";
import type { Subject } from "../compare/subject.ts";
import { formatMoment } from "./format.ts";
import {
  differenceTable,
  equalTable,
  groupTable,
  headingOf,
  LATENCY_HEADING,
  LEGEND,
  latencyTable,
  type TextTable,
  titleOf,
} from "./tables.ts";

/** Names and facts come from hosts: nothing of them may end a cell or become markup. */
const escapeMarkdown = (text: string): string =>
  text.replaceAll(/[\\|`*_~<>[\]]/g, (character) => `\\${character}`).replaceAll(/\s+/g, " ");

function tableText({ headers, rows }: TextTable): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeMarkdown).join(" | ")} |`;
  return [line(headers), `|${" --- |".repeat(headers.length)}`, ...rows.map(line)].join("\n");
}

const SIMULATED_NOTE = "**Simulated**: a model made these figures, no hardware was measured.";
const LAB_NOTE =
  "**Lab**: real kernels under software emulation; figures compare with each other, not with hardware.";

function subjectText(subject: Subject): string {
  if (subject.kind === "published") {
    const { name, title, source, method } = subject.figures;
    return `- ${escapeMarkdown(name)} (**reference**): ${escapeMarkdown(title)}. Source: ${escapeMarkdown(source)}. ${escapeMarkdown(method)}.`;
  }
  const { experiment, ground, startedAtMs, endedAtMs, environment, rounds } = subject.result;
  const hosts = environment.map(({ host }) => host).join(", ");
  return `- ${escapeMarkdown(experiment)} (**${ground}**): ${rounds.length} rounds on ${escapeMarkdown(hosts)}, ${formatMoment(startedAtMs)} to ${formatMoment(endedAtMs)}`;
}

function groundNotes(subjects: readonly Subject[]): readonly string[] {
  const grounds = subjects.map((subject) =>
    subject.kind === "measured" ? subject.result.ground : "reference",
  );
  return [
    ...(grounds.includes("simulated") ? [SIMULATED_NOTE] : []),
    ...(grounds.includes("lab") ? [LAB_NOTE] : []),
  ];
}

function environmentText({ environment }: Comparison): readonly string[] {
  const { differences, equal } = environment;
  return [
    "## Environment",
    differences.length === 0
      ? "No differences are known."
      : tableText(differenceTable(differences)),
    ...(Object.keys(equal).length === 0 ? [] : [tableText(equalTable(equal))]),
  ];
}

/**
 * A comparison, or the report of one experiment, as a page of Markdown: environment and warnings first, then a table for each
 * metric.
 *
 * @param options.chart path of a picture to show above the tables
 */
export function formatMarkdown(
  comparison: Comparison,
  options: { readonly chart?: string } = {},
): string {
  const { subjects, warnings, groups } = comparison;
  const latency = latencyTable(subjects);
  const parts = [
    `# ${escapeMarkdown(titleOf(comparison))}`,
    subjects.map(subjectText).join("\n"),
    ...groundNotes(subjects),
    ...environmentText(comparison),
    ...(warnings.length === 0
      ? []
      : ["## Warnings", warnings.map((each) => `- ${escapeMarkdown(each)}`).join("\n")]),
    "## Figures",
    ...(options.chart === undefined ? [] : [`![chart](${encodeURI(options.chart)})`]),
    ...groups.flatMap((group) => [
      `### ${escapeMarkdown(headingOf(group.metric))}`,
      tableText(groupTable(group)),
    ]),
    ...(latency === undefined ? [] : [`### ${LATENCY_HEADING}`, tableText(latency)]),
    escapeMarkdown(LEGEND),
  ];
  return `${parts.join("\n\n")}\n`;
}
