/** One series at a scrape. */
export interface ExposedSeries {
  /** With `_bucket`, `_sum` or `_count` where it is part of a histogram. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One metric at a scrape. */
export interface ExposedFamily {
  readonly name: string;
  readonly help: string | undefined;
  readonly type: string;
  readonly series: readonly ExposedSeries[];
}

const SERIES =
  /^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?<labels>.*)\})? (?<value>[-+0-9.eEInfNa]+)(?: -?\d+)?$/;
const LABEL = /(?<name>[a-zA-Z_][a-zA-Z0-9_]*)="(?<value>(?:[^"\\]|\\.)*)",?/g;
const PART = /_(bucket|sum|count)$/;

const parseValue = (text: string): number =>
  text === "+Inf" ? Number.POSITIVE_INFINITY : text === "-Inf" ? -Infinity : Number(text);

function parseLabels(text: string): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  for (const { groups } of text.matchAll(LABEL)) {
    const { name = "", value = "" } = groups ?? {};
    labels[name] = value.replace(/\\(.)/g, (_all, char: string) => (char === "n" ? "\n" : char));
  }
  return labels;
}

/**
 * Reads what a process exposes.
 *
 * @throws Error for a line that is none of the format
 * @see Prometheus, exposition formats, text format 0.0.4
 */
export function parseExposition(text: string): readonly ExposedFamily[] {
  const helps = new Map<string, string>();
  const types = new Map<string, string>();
  const series = new Map<string, ExposedSeries[]>();
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const [, keyword, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
    if (keyword === "HELP") helps.set(name, rest);
    else if (keyword === "TYPE") types.set(name, rest);
    else if (!line.startsWith("#")) {
      const { groups } = SERIES.exec(line) ?? {};
      if (groups === undefined) throw new Error(`not of the exposition format: ${line}`);
      const { name: own = "", labels = "", value = "" } = groups;
      const base = types.get(own.replace(PART, "")) === "histogram" ? own.replace(PART, "") : own;
      const list = series.get(base) ?? [];
      list.push({ name: own, labels: parseLabels(labels), value: parseValue(value) });
      series.set(base, list);
    }
  }
  const names = new Set([...types.keys(), ...series.keys()]);
  return [...names].map((name) => ({
    name,
    help: helps.get(name),
    type: types.get(name) ?? "untyped",
    series: series.get(name) ?? [],
  }));
}
