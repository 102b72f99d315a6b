import type { Change, Figure } from "../compare/change.ts";
import { type Percent, percentile } from "../statistics/quantile.ts";

/** Four digits that matter, without exponent: `79.94`, `3.214`, `12345`. */
export function formatFigure(value: number): string {
  if (!Number.isFinite(value)) return "-";
  if (value === 0) return "0";
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  const decimals = Math.min(8, Math.max(0, 3 - magnitude));
  const text = value.toFixed(decimals);
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

const range = (low: number, high: number): string =>
  low === high ? formatFigure(low) : `${formatFigure(low)}–${formatFigure(high)}`;

/** `-12.3%`, `+0.4%`; `from 0` where there is no share of the baseline. */
export const formatDelta = (delta: number | undefined): string =>
  delta === undefined ? "from 0" : `${delta > 0 ? "+" : ""}${(100 * delta).toFixed(1)}%`;

/** The median; of published figures the range that is given as the result. */
export const formatMedian = (figure: Figure): string =>
  figure.kind === "measured"
    ? formatFigure(figure.summary.median)
    : range(figure.figure.typical.low, figure.figure.typical.high);

/** The median's interval; of published figures all that is said to have been seen. */
export function formatInterval(figure: Figure): string {
  if (figure.kind === "published")
    return `seen ${range(figure.figure.seen.low, figure.figure.seen.high)}`;
  const { low, high } = figure.summary.interval;
  return `${formatFigure(low)}–${formatFigure(high)}`;
}

export const formatCount = (figure: Figure): string =>
  figure.kind === "measured" ? String(figure.summary.count) : "-";

const LEAST_P_SHOWN = 0.001;

export function formatP(p: number | undefined): string {
  if (p === undefined) return "-";
  return p < LEAST_P_SHOWN ? `<${LEAST_P_SHOWN}` : p.toFixed(3);
}

/** `~`: not significant. `?`: too few rounds to tell. */
export function formatChange(change: Change | undefined): string {
  if (change === undefined) return "baseline";
  const delta = formatDelta(change.delta);
  switch (change.verdict) {
    case "significant":
      return delta;
    case "not-significant":
      return "~";
    case "too-few":
      return `? ${delta}`;
    case "outside":
      return `${delta} outside`;
    case "within":
      return "within range";
    case "untested":
      return `untested ${delta}`;
  }
}

/** `-` where there are too few values for it. */
export function formatPercentile(values: readonly number[], percent: Percent): string {
  const value = percentile(values, percent);
  return value === undefined ? "-" : formatFigure(value);
}

/** Seconds are enough: rounds take longer. */
export const formatMoment = (atMs: number): string =>
  `${new Date(atMs).toISOString().slice(0, 19)}Z`;
