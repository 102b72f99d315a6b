import { type ExposedFamily, parseExposition } from "./parse-exposition.ts";

const NAME = /^switchyard_[a-z][a-z0-9]*(_[a-z0-9]+)*$/;
const LABEL_NAME = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;
/** Units that have a base unit to be given in. */
const OTHER_UNITS =
  /_(milliseconds|ms|microseconds|us|nanoseconds|minutes|hours|days|kb|mb|gb|kib|mib|gib|kilobytes|megabytes|bits|percent|percents|celcius|mhz|ghz)(_|$)/;
const TYPE_IN_NAME = /_(counter|gauge|histogram|summary)(_|$)/;
/** Labels whose values have no end. */
const ENDLESS_LABELS = [
  "flow",
  "job",
  "request",
  "request_id",
  "trace_id",
  "span_id",
  "epoch",
  "argv",
  "address",
  "error",
  "message",
];

function problemsOf({ name, help, type, series }: ExposedFamily): readonly string[] {
  const problems: string[] = [];
  const say = (isWrong: boolean, what: string) => {
    if (isWrong) problems.push(`${name}: ${what}`);
  };
  say(!NAME.test(name), "not a name in snake case that begins with switchyard_");
  say(help === undefined || help === "", "has no help");
  say(help !== undefined && !help.endsWith("."), "its help is no sentence");
  say(!["counter", "gauge", "histogram"].includes(type), `is ${type}`);
  say(type === "counter" && !name.endsWith("_total"), "a counter ends in _total");
  say(type !== "counter" && name.endsWith("_total"), "only a counter ends in _total");
  say(/_(bucket|sum|count)$/.test(name), "ends as a histogram's part does");
  say(OTHER_UNITS.test(name), "is not in a base unit");
  say(TYPE_IN_NAME.test(name), "has its type in its name");
  say(type !== "gauge" && name.endsWith("_info"), "an info is a gauge");
  const seen = new Set<string>();
  for (const each of series) {
    const key = `${each.name} ${JSON.stringify(Object.entries(each.labels).sort())}`;
    say(seen.has(key), `twice in one scrape: ${key}`);
    seen.add(key);
    say(Number.isNaN(each.value), `no number: ${key}`);
    for (const label of Object.keys(each.labels)) {
      say(!LABEL_NAME.test(label), `label ${label} is not in snake case`);
      say(ENDLESS_LABELS.includes(label), `label ${label} has values without end`);
      say(label === "quantile", "label quantile is a summary's");
      say(label === "le" && type !== "histogram", "label le is a histogram's");
    }
  }
  return problems;
}

/** What a careful operator would object to in what a process exposes, after promtool's `check metrics`. */
export function lintExposition(text: string): readonly string[] {
  return [...new Set(parseExposition(text).flatMap(problemsOf))];
}
