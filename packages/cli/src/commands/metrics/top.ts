import { type QuerySeriesResponse, SeriesAggregation, systemTiming } from "@switchyard/client";
import type { MetricName } from "@switchyard/model";
import { Option } from "commander";
import type { Context } from "../../context.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import { parseDuration } from "../../input/duration.ts";
import { collect, parseInteger, parseLabels } from "../../input/pairs.ts";
import { printList } from "../../output/print.ts";
import { UsageError } from "../../usage-error.ts";
import { defineVerb } from "../../verb.ts";
import { type LoadRow, loadView, type Subject } from "../../views/load.ts";

/** What a figure is made of: sums over a row's series, of rates where the metric is a counter. */
interface Part {
  readonly metric: MetricName;
  readonly aggregation: SeriesAggregation;
}

const rate = (metric: MetricName): Part => ({ metric, aggregation: SeriesAggregation.RATE });
const most = (metric: MetricName): Part => ({ metric, aggregation: SeriesAggregation.MAX });

const FIGURES = ["cpu", "rx", "tx", "power", "slow-path", "memory"] as const;
export type Figure = (typeof FIGURES)[number];

/** Both directions of what the host CPU handled of VFs' traffic, and of all of it. */
const SLOW = [rate("nic.representor.rx_bytes"), rate("nic.representor.tx_bytes")];
const ALL = [rate("nic.vf.rx_bytes"), rate("nic.vf.tx_bytes")];

/** Figures by what rows are of. A host's power is that of the source that says most: they measure the same. */
const PARTS: Readonly<Record<Subject, Partial<Record<Figure, readonly Part[]>>>> = {
  host: {
    cpu: [rate("host.cpu_busy_seconds")],
    rx: [rate("nic.uplink.rx_bytes")],
    tx: [rate("nic.uplink.tx_bytes")],
    power: [most("host.power")],
    "slow-path": SLOW,
  },
  vf: { rx: [rate("nic.vf.rx_bytes")], tx: [rate("nic.vf.tx_bytes")], "slow-path": SLOW },
  vm: { cpu: [rate("vm.cpu_seconds")], memory: [most("vm.memory_resident")] },
};

/** The newest whole minute, and what there is of the present one. */
const RANGE_MS = 120_000;
const STEP = { seconds: 60n, nanos: 0 };
const LIMIT_DEFAULT = 20;
const PAUSE_DEFAULT = "5s";

interface Options {
  readonly by?: Figure;
  readonly per?: Subject;
  readonly selector?: readonly string[];
  readonly limit?: string;
  readonly watch?: boolean;
  readonly every?: string;
}

export const verb = defineVerb<Options>({
  configure: (command) => {
    command
      .addOption(new Option("--per <what>", "rows").choices(["host", "vf", "vm"]).default("host"))
      .addOption(new Option("--by <figure>", "which figure to order by").choices([...FIGURES]))
      .option("-l, --selector <key=value>", "only hosts with this label; may be repeated", collect)
      .option("--limit <n>", "at most this many rows", String(LIMIT_DEFAULT))
      .option("-w, --watch", "show it again and again, until Ctrl-C")
      .option("--every <duration>", "with --watch: pause in between", PAUSE_DEFAULT);
  },
  run: async ({ context, options }) => {
    const { per = "host", by = per === "vf" ? "rx" : "cpu" } = options;
    if (PARTS[per][by] === undefined) {
      throw new UsageError(`a ${per} has no ${by}`, [
        `it has ${Object.keys(PARTS[per]).join(", ")}`,
      ]);
    }
    const limit = parseInteger(options.limit ?? String(LIMIT_DEFAULT));
    const selector = parseLabels(options.selector);
    const pauseMs = parseDuration(options.every ?? PAUSE_DEFAULT);
    for (;;) {
      const rows = await readRows(context, per, selector);
      rows.sort((left, right) => (right[by] ?? -1) - (left[by] ?? -1));
      if (options.watch && context.io.stdout.isTty) context.out("\u001b[H\u001b[2J");
      await printList(context, loadView(per), rows.slice(0, limit));
      if (!options.watch) return undefined;
      await systemTiming.sleep(pauseMs, context.io.signal);
      if (context.io.signal.aborted) return EXIT_CODES.interrupted.code;
    }
  },
});

async function readRows(
  context: Context,
  per: Subject,
  labelSelector: Record<string, string>,
): Promise<LoadRow[]> {
  const { telemetry } = await context.client();
  const endMs = systemTiming.nowMs();
  const rows = new Map<string, LoadRow>();
  const sums = new Map<string, { slow: number; all: number }>();
  const ask = ({ metric, aggregation }: Part) =>
    telemetry.querySeries({
      ...{ metric, aggregation, labelSelector, hosts: [], object: "", step: STEP },
      startTime: new Date(endMs - RANGE_MS),
      endTime: new Date(endMs),
      groupBy: per === "host" ? ["host"] : ["host", "object"],
    });
  const each = (answer: QuerySeriesResponse, note: (key: string, value: number) => void) => {
    for (const { labels, hostKinds, points } of answer.series) {
      const { host = "", object = "" } = labels;
      const key = `${host}\n${object}`;
      if (!rows.has(key)) rows.set(key, { host, object, kind: hostKinds[0] });
      note(key, points.at(-1)?.value ?? 0);
    }
  };
  const sumsOf = (key: string) => {
    const known = sums.get(key) ?? { slow: 0, all: 0 };
    sums.set(key, known);
    return known;
  };
  for (const [figure, parts] of Object.entries(PARTS[per]) as [Figure, readonly Part[]][]) {
    if (figure === "slow-path") continue;
    for (const part of parts) {
      each(await ask(part), (key, value) => {
        rows.set(key, { ...rows.get(key)!, [figure]: value }); // `each` has made it
      });
    }
  }
  if (PARTS[per]["slow-path"] === undefined) return [...rows.values()];
  for (const part of SLOW) each(await ask(part), (key, value) => (sumsOf(key).slow += value));
  for (const part of ALL) each(await ask(part), (key, value) => (sumsOf(key).all += value));
  return [...rows].map(([key, row]) => {
    const { slow, all } = sumsOf(key);
    return all > 0 ? { ...row, "slow-path": Math.min(1, slow / all) } : row;
  });
}
