import type { MetricFamily, MetricLabels } from "./metrics.ts";

/** What the text format is served as. @see Prometheus, exposition formats, text format 0.0.4 */
export const EXPOSITION_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

const escapeHelp = (text: string): string => text.replace(/\\/g, "\\\\").replace(/\n/g, "\\n");
const escapeValue = (text: string): string => escapeHelp(text).replace(/"/g, '\\"');

function formatLabels(labels: MetricLabels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeValue(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function formatValue(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return String(value);
}

/**
 * Families as text; those of one name, which several sources may have series of, are one, with the help of the first. A
 * family without points is left out: it would only be a name.
 */
export function formatFamilies(families: readonly MetricFamily[]): string {
  const lines: string[] = [];
  const known = families.filter(({ points }) => points.length > 0);
  for (const [name, alike] of Map.groupBy(known, (family) => family.name)) {
    const [{ help, kind }] = alike as [MetricFamily]; // a group has one at least
    lines.push(`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${kind}`);
    for (const { labels, value } of alike.flatMap(({ points }) => points)) {
      lines.push(`${name}${formatLabels(labels)} ${formatValue(value)}`);
    }
  }
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}
