import {
  HostKind,
  QuerySeriesResponse,
  type Series,
  SeriesAggregation,
  SeriesSource,
  systemTiming,
} from "@switchyard/client";
import { isMetricName, METRICS, type MetricName } from "@switchyard/model";
import { Option } from "commander";
import type { Context } from "../../context.ts";
import { parseDuration, toDuration } from "../../input/duration.ts";
import { resourceName } from "../../input/names.ts";
import { collect, parseLabels } from "../../input/pairs.ts";
import { formatCsv } from "../../output/csv.ts";
import { formatDocument } from "../../output/print.ts";
import { sparkline } from "../../output/sparkline.ts";
import { wantsUnicode } from "../../output/style.ts";
import { type Column, formatTable } from "../../output/table.ts";
import { enumWord, formatTimestamp } from "../../output/values.ts";
import { UsageError } from "../../usage-error.ts";
import { defineVerb } from "../../verb.ts";
import { formatQuantity } from "../../views/quantity.ts";

const AGGREGATIONS = {
  avg: SeriesAggregation.AVG,
  min: SeriesAggregation.MIN,
  max: SeriesAggregation.MAX,
  sum: SeriesAggregation.SUM,
  last: SeriesAggregation.LAST,
  rate: SeriesAggregation.RATE,
  p50: SeriesAggregation.P50,
  p95: SeriesAggregation.P95,
  p99: SeriesAggregation.P99,
} as const;
type AggregationWord = keyof typeof AGGREGATIONS;

const SPARKLINE_WIDTH = 24;

interface Options {
  readonly host?: readonly string[];
  readonly selector?: readonly string[];
  readonly object?: string;
  readonly since?: string;
  readonly step?: string;
  readonly agg?: AggregationWord;
  readonly by?: readonly string[];
}

/** What a table of an answer needs to know of the question. */
interface Asked {
  readonly metric: MetricName;
  readonly isRate: boolean;
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number | undefined;
}

export const verb = defineVerb<Options>({
  formats: ["csv"],
  configure: (command) => {
    command
      .argument("<metric>", "one of those that swy metrics list names")
      .option("--host <host>", "only this host; may be repeated", collect)
      .option("-l, --selector <key=value>", "only hosts with this label; may be repeated", collect)
      .option("--object <pattern>", "only this netdev, VF or VM; * stands for any text")
      .option("--since <duration>", "how far back", "1h")
      .option("--step <duration>", "time of one point; default: what gives some 60 points")
      .addOption(
        new Option("--agg <how>", "what becomes of the samples of a step").choices(
          Object.keys(AGGREGATIONS),
        ),
      )
      .option("--by <key>", "keep apart: host, object, label:KEY; may be repeated", collect);
  },
  run: async ({ context, args: [metric = ""], options }) => {
    if (!isMetricName(metric)) {
      throw new UsageError(`"${metric}" is no metric`, ["swy metrics list names them"]);
    }
    const agg = options.agg ?? (METRICS[metric].kind === "counter" ? "rate" : "avg");
    const endMs = systemTiming.nowMs();
    const startMs = endMs - parseDuration(options.since ?? "1h");
    const stepMs = options.step === undefined ? undefined : parseDuration(options.step);
    const { telemetry } = await context.client();
    const answer = await telemetry.querySeries({
      metric,
      hosts: (options.host ?? []).map((host) => resourceName("hosts", host)),
      labelSelector: parseLabels(options.selector),
      object: options.object ?? "",
      startTime: new Date(startMs),
      endTime: new Date(endMs),
      step: stepMs === undefined ? undefined : toDuration(stepMs),
      aggregation: AGGREGATIONS[agg],
      groupBy: [...splitKeys(options.by)],
    });
    const isRate = agg === "rate";
    await print(context, answer, { metric, isRate, startMs, endMs, stepMs });
    return undefined;
  },
});

const splitKeys = (keys: readonly string[] = []): readonly string[] =>
  keys.flatMap((key) => key.split(",")).filter((key) => key !== "");

async function print(context: Context, answer: QuerySeriesResponse, asked: Asked): Promise<void> {
  const { output, specialFormat, hasHeaders } = context.settings;
  if (specialFormat === "csv") {
    context.out(formatCsv(pointColumns(answer), pointsOf(answer), hasHeaders));
  } else if (output === "json" || output === "yaml") {
    context.out(await formatDocument(output, QuerySeriesResponse.toJSON(answer)));
  } else if (answer.series.length === 0) {
    context.talk("no samples in this range");
  } else {
    const columns = seriesColumns(context, answer, asked);
    context.out(formatTable(columns, answer.series, { style: context.style, hasHeaders }));
    context.talk(`from ${enumWord(SeriesSource, answer.source)}`);
  }
}

const labelKeys = ({ series }: QuerySeriesResponse): readonly string[] =>
  Object.keys(series[0]?.labels ?? {});

interface PointRow {
  readonly labels: Readonly<Record<string, string>>;
  readonly kinds: string;
  readonly time: Date | undefined;
  readonly value: number;
}

const kindsOf = ({ hostKinds }: Series): string =>
  hostKinds.map((kind) => enumWord(HostKind, kind)).join("+");

const pointsOf = ({ series }: QuerySeriesResponse): readonly PointRow[] =>
  series.flatMap((each) =>
    each.points.map(({ time, value }) => ({
      ...{ labels: each.labels, kinds: kindsOf(each), time, value },
    })),
  );

const pointColumns = (answer: QuerySeriesResponse): readonly Column<PointRow>[] => [
  { header: "TIME", cell: ({ time }) => formatTimestamp(time) },
  ...labelKeys(answer).map((key) => ({
    header: key.toUpperCase(),
    cell: ({ labels }: PointRow) => labels[key] ?? "",
  })),
  { header: "KIND", cell: ({ kinds }) => kinds },
  { header: "VALUE", cell: ({ value }) => String(value) },
];

function seriesColumns(
  context: Context,
  answer: QuerySeriesResponse,
  asked: Asked,
): readonly Column<Series>[] {
  const { unit } = METRICS[asked.metric];
  const show = (value: number | undefined): string =>
    value === undefined ? "" : formatQuantity(value, unit, asked.isRate);
  const valuesOf = ({ points }: Series) => points.map(({ value }) => value);
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const columns: readonly Column<Series>[] = [
    ...labelKeys(answer).map((key) => ({
      header: key.toUpperCase(),
      cell: ({ labels }: Series) => labels[key] ?? "",
    })),
    { header: "KIND", cell: kindsOf },
    { header: "LAST", isNumber: true, cell: (series) => show(valuesOf(series).at(-1)) },
    { header: "MIN", isNumber: true, cell: (series) => show(Math.min(...valuesOf(series))) },
    { header: "MEAN", isNumber: true, cell: (series) => show(mean(valuesOf(series))) },
    { header: "MAX", isNumber: true, cell: (series) => show(Math.max(...valuesOf(series))) },
    { header: "POINTS", isNumber: true, cell: ({ points }) => String(points.length) },
  ];
  if (!context.io.stdout.isTty) return columns;
  const isUnicode = wantsUnicode(context.io.env);
  const trend = (series: Series) =>
    sparkline(onSteps(series, answer, asked), { width: SPARKLINE_WIDTH, isUnicode });
  return [...columns, { header: "TREND", cell: trend }];
}

/** A value for every step of the range, undefined where there is none: gaps are seen as gaps. */
function onSteps(
  { points }: Series,
  { step }: QuerySeriesResponse,
  { startMs, endMs }: Asked,
): readonly (number | undefined)[] {
  const stepMs = Number(step?.seconds ?? 60n) * 1000;
  const first = Math.floor(startMs / stepMs);
  const count = Math.max(1, Math.ceil(endMs / stepMs) - first);
  const values: (number | undefined)[] = Array.from({ length: count }, () => undefined);
  for (const { time, value } of points) {
    values[Math.floor((time?.getTime() ?? 0) / stepMs) - first] = value;
  }
  return values;
}
