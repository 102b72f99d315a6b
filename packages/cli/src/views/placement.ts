import type { PlacementReport, PlacementVerdict } from "@switchyard/client";
import type { Style } from "../output/style.ts";
import { type Column, formatTable } from "../output/table.ts";
import { plainText } from "../output/text.ts";
import { count, shortName } from "../output/values.ts";

const rounded = (value: number): string => value.toFixed(2);

const SCORES: readonly Column<PlacementVerdict>[] = [
  { header: "HOST", cell: ({ host }) => shortName(host) },
  { header: "TOTAL", isNumber: true, cell: ({ total }) => rounded(total) },
  {
    header: "SCORES (x WEIGHT)",
    cell: ({ scores }) =>
      scores
        .map(({ weigher, score, weight }) => `${weigher} ${rounded(score)} x${weight}`)
        .join(", "),
  },
  {
    header: "SLOTS",
    cell: ({ slots }) =>
      slots
        .map(({ pfPciAddress, vfIndex, numaNode }) => {
          const node = numaNode < 0 ? "" : `, node ${numaNode}`;
          return `VF ${vfIndex} of ${pfPciAddress}${node}`;
        })
        .join("; "),
  },
];

/** One line for each filter that refuses a host. */
interface RefusalLine {
  readonly host: string;
  readonly filter: string;
  readonly found: string;
  readonly needs: string;
  readonly change: string;
}

const REFUSALS: readonly Column<RefusalLine>[] = [
  { header: "HOST", cell: ({ host }) => host },
  { header: "FILTER", cell: ({ filter }) => filter },
  { header: "FOUND", cell: ({ found }) => plainText(found) },
  { header: "NEEDS", cell: ({ needs }) => plainText(needs) },
  { header: "WOULD DO", cell: ({ change }) => plainText(change) },
];

const linesOf = ({ host, refusals }: PlacementVerdict): readonly RefusalLine[] =>
  refusals.map((refusal, at) => ({ ...refusal, host: at === 0 ? shortName(host) : "" }));

/** What placement says of every host: those that fit from the best on, then what refuses the others. */
export function describeReport(report: PlacementReport, style: Style): string {
  const { host, verdicts, fittingHostCount, refusingHostCount } = report;
  const fitting = verdicts.filter(({ fits }) => fits);
  const refused = verdicts.filter(({ fits }) => !fits).flatMap(linesOf);
  const head =
    host === ""
      ? `no host can take it: ${count(refusingHostCount, "host")} refused\n`
      : `goes to ${style.bold(shortName(host))}: ${count(fittingHostCount, "host")} fit, ${refusingHostCount} do not\n`;
  const table = <Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string =>
    rows.length === 0 ? "" : `\n${formatTable(columns, rows, { style, hasHeaders: true })}`;
  return head + table(SCORES, fitting) + table(REFUSALS, refused);
}
