import type { Comparison, Entry, MetricGroup } from "../../compare/compare.ts";
import { formatChange, formatFigure, formatInterval, formatMedian } from "../format.ts";
import { headingOf, titleOf } from "../tables.ts";
import { niceTicks } from "./ticks.ts";

/** Measures in pixels. */
const WIDTH = 900;
const LABELS_END = 250;
const BARS_END = 660;
const ROW_HEIGHT = 46;
const BAR_HEIGHT = 26;
/** A published figure may be a point. */
const PUBLISHED_WIDTH_MIN = 8;
const PANEL_HEAD = 44;
const PANEL_FOOT = 34;
const TITLE_HEIGHT = 62;
const FOOTER_HEIGHT = 40;
const FONT = "font-family=\"'DejaVu Sans', 'Liberation Sans', Arial, sans-serif\"";

/** Told apart by those who see no red or green; the pattern of a published range needs no colour at all. */
const FILL = { sriov: "#9ecae1", vdpa: "#a1d99b", "vdpa-sw": "#fdd0a2" } as const;
const INK = "#1a1a1a";
const QUIET = "#595959";

/** Metrics drawn unless others are asked for, where somebody measured them. */
const DRAWN = /^(throughput|latency-p50|throughput-per-thread|throughput-per-watt-.*)$/;
/** Above it a chart is no longer read. */
const PANELS_MAX = 6;

const escapeXml = (text: string): string =>
  text.replaceAll(/[<>&"']/g, (character) => `&#${character.codePointAt(0)};`);

interface TextOptions {
  readonly x: number;
  readonly y: number;
  readonly size?: number;
  readonly anchor?: "start" | "middle" | "end";
  readonly color?: string;
  readonly isBold?: boolean;
}

const text = (content: string, options: TextOptions): string => {
  const { x, y, size = 13, anchor = "start", color = INK, isBold = false } = options;
  const weight = isBold ? ' font-weight="bold"' : "";
  return `<text x="${x}" y="${y}" font-size="${size}" text-anchor="${anchor}" fill="${color}"${weight}>${escapeXml(content)}</text>`;
};

const line = (
  [x1, y1, x2, y2]: readonly [number, number, number, number],
  color: string,
  width: number,
): string =>
  `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="${color}" stroke-width="${width}"/>`;

const extentOf = ({ figure }: Entry): readonly number[] =>
  figure.kind === "measured"
    ? [...figure.values, figure.summary.interval.high]
    : [figure.figure.seen.low, figure.figure.seen.high, figure.figure.typical.high];

/** An interval with caps at its ends. */
const whisker = (
  { low, high, y }: { readonly low: number; readonly high: number; readonly y: number },
  width: number,
): string =>
  [
    line([low, y, high, y], INK, width),
    line([low, y - 6, low, y + 6], INK, width),
    line([high, y - 6, high, y + 6], INK, width),
  ].join("");

type Scale = (value: number) => number;

/** Spread over the bar's height by their order, so that equal values don't hide one another. */
function dots(values: readonly number[], middle: number, scale: Scale): string {
  // Even, so that no dot lies under the interval's line.
  const lanes = 4;
  return values
    .map((value, at) => {
      const y = middle + ((at % lanes) - (lanes - 1) / 2) * (BAR_HEIGHT / (lanes + 1));
      return `<circle cx="${scale(value).toFixed(1)}" cy="${y.toFixed(1)}" r="2.6" fill="${INK}" fill-opacity="0.75"/>`;
    })
    .join("");
}

function bar({ mode, figure }: Entry, middle: number, scale: Scale): string {
  const top = middle - BAR_HEIGHT / 2;
  const rect = (from: number, to: number, fill: string) =>
    `<rect x="${Math.min(from, to).toFixed(1)}" y="${top}" width="${Math.max(2, Math.abs(to - from)).toFixed(1)}" height="${BAR_HEIGHT}" fill="${fill}" stroke="${QUIET}" stroke-width="0.8"/>`;
  if (figure.kind === "published") {
    const { typical, seen } = figure.figure;
    const centre = (scale(typical.low) + scale(typical.high)) / 2;
    const half = Math.max(PUBLISHED_WIDTH_MIN, scale(typical.high) - scale(typical.low)) / 2;
    return [
      rect(centre - half, centre + half, "url(#published)"),
      whisker({ low: scale(seen.low), high: scale(seen.high), y: middle }, 1.2),
    ].join("");
  }
  const { median, interval } = figure.summary;
  return [
    rect(scale(0), scale(median), FILL[mode]),
    dots(figure.values, middle, scale),
    whisker({ low: scale(interval.low), high: scale(interval.high), y: middle }, 1.8),
  ].join("");
}

function row(entry: Entry, middle: number, scale: Scale): string {
  const { mode, subject, ground, figure, change } = entry;
  const interval = `${formatInterval(figure)}${figure.kind === "measured" ? `, n ${figure.summary.count}` : ""}`;
  const changed = change === undefined ? "" : ` (${formatChange(change)})`;
  return [
    text(mode, { x: LABELS_END - 12, y: middle - 3, anchor: "end", isBold: true }),
    text(`${shorten(subject)} [${ground}]`, {
      ...{ x: LABELS_END - 12, y: middle + 13, size: 11 },
      ...({ anchor: "end", color: QUIET } as const),
    }),
    bar(entry, middle, scale),
    text(`${formatMedian(figure)}${changed}`, { x: BARS_END + 16, y: middle - 3, isBold: true }),
    text(interval, { x: BARS_END + 16, y: middle + 13, size: 11, color: QUIET }),
  ].join("\n");
}

const NAME_LENGTH_MAX = 24;
const shorten = (name: string): string =>
  name.length <= NAME_LENGTH_MAX ? name : `${name.slice(0, NAME_LENGTH_MAX - 1)}…`;

const panelHeight = ({ entries }: MetricGroup): number =>
  PANEL_HEAD + entries.length * ROW_HEIGHT + PANEL_FOOT;

function panel(group: MetricGroup, top: number): string {
  const { metric, entries } = group;
  const extent = entries.flatMap(extentOf);
  const ticks = niceTicks(Math.min(0, ...extent), Math.max(0, ...extent));
  const [first = 0, last = 1] = [ticks[0], ticks.at(-1)];
  const scale: Scale = (value) =>
    LABELS_END + ((value - first) / (last - first)) * (BARS_END - LABELS_END);
  const bodyTop = top + PANEL_HEAD;
  const bodyEnd = bodyTop + entries.length * ROW_HEIGHT;
  const grid = ticks.map((tick) => {
    const x = scale(tick);
    return [
      line([x, bodyTop, x, bodyEnd], tick === 0 ? QUIET : "#d9d9d9", 1),
      text(formatFigure(tick), { x, y: bodyEnd + 16, size: 11, anchor: "middle", color: QUIET }),
    ].join("");
  });
  return [
    text(headingOf(metric), { x: 24, y: top + 26, size: 14, isBold: true }),
    ...grid,
    ...entries.map((entry, at) => row(entry, bodyTop + (at + 0.5) * ROW_HEIGHT, scale)),
  ].join("\n");
}

const PATTERN =
  '<defs><pattern id="published" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="6" fill="#ffffff"/><line x1="0" y1="0" x2="0" y2="6" stroke="#595959" stroke-width="2.4"/></pattern></defs>';

/** The picture in words, for who can't see it. */
const description = (groups: readonly MetricGroup[]): string =>
  groups
    .map(({ metric, entries }) => {
      const figures = entries.map(
        ({ mode, subject, ground, figure }) =>
          `${mode} of ${subject} [${ground}] ${formatMedian(figure)}`,
      );
      return `${headingOf(metric)}: ${figures.join("; ")}`;
    })
    .join(". ");

const EXPLANATION =
  "Bar: median, with its 95 % interval. Dots: rounds. Hatched: published range, with all that was seen. ~: not significant. ?: too few rounds.";

/**
 * A comparison as a picture: for each metric a bar of every median, with its interval and all rounds as dots. Stands by itself:
 * no script, no font and no style from elsewhere.
 *
 * @param options.metrics ids of the metrics drawn; at most six panels
 */
export function formatSvg(
  comparison: Comparison,
  options: { readonly metrics?: readonly string[] } = {},
): string {
  const { metrics } = options;
  const groups = comparison.groups
    .filter(({ metric }) => metrics?.includes(metric.id) ?? DRAWN.test(metric.id))
    .slice(0, PANELS_MAX);
  let top = TITLE_HEIGHT;
  const panels = groups.map((group) => {
    const drawn = panel(group, top);
    top += panelHeight(group);
    return drawn;
  });
  const height = top + FOOTER_HEIGHT;
  const title = titleOf(comparison);
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" ${FONT}>`,
    `<title>${escapeXml(title)}</title>`,
    `<desc>${escapeXml(description(groups))}</desc>`,
    PATTERN,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    text(title, { x: 24, y: 38, size: 18, isBold: true }),
    ...(panels.length === 0 ? [text("no figures", { x: 24, y: TITLE_HEIGHT })] : panels),
    text(EXPLANATION, { x: 24, y: height - 16, size: 11, color: QUIET }),
    "</svg>",
  ].join("\n")}\n`;
}
