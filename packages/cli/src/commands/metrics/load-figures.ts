import { SeriesAggregation } from "@switchyard/client";
import type { MetricName } from "@switchyard/model";
import type { Figure, Subject } from "../../views/load.ts";

/** What a figure is made of: sums over a row's series, of rates where the metric is a counter. */
export interface Part {
  readonly metric: MetricName;
  readonly aggregation: SeriesAggregation;
}

const rate = (metric: MetricName): Part => ({ metric, aggregation: SeriesAggregation.RATE });
const most = (metric: MetricName): Part => ({ metric, aggregation: SeriesAggregation.MAX });
const mean = (metric: MetricName): Part => ({ metric, aggregation: SeriesAggregation.AVG });
const sum = (metric: MetricName): Part => ({ metric, aggregation: SeriesAggregation.SUM });

export type Value = number | undefined;

export interface FigureSource {
  readonly parts: readonly Part[];
  /** Values of the parts in their order; one that is not known is undefined. */
  readonly combine: (...values: readonly Value[]) => Value;
}

const only = (part: Part): FigureSource => ({ parts: [part], combine: (value) => value });
/** Of the first that is known: a card that has no counters of the wire has those of its netdev. */
const first = (...parts: readonly Part[]): FigureSource => ({
  parts,
  combine: (...values) => values.find((value) => value !== undefined),
});
const difference = (whole: Part, rest: Part): FigureSource => ({
  parts: [whole, rest],
  combine: (all, left) => (all === undefined || left === undefined ? undefined : all - left),
});

/** Share of the packets that the host's CPU handled, of both directions; none where no packet passed. */
const slowPath = (slow: readonly Part[], all: readonly [Part, Part]): FigureSource => ({
  parts: [...slow, ...all],
  combine: (...values) => {
    const known = values.filter((value) => value !== undefined);
    if (known.length < values.length) return undefined;
    const add = (some: readonly number[]) => some.reduce((total, value) => total + value, 0);
    const passed = add(known.slice(slow.length));
    return passed > 0 ? Math.min(1, add(known.slice(0, slow.length)) / passed) : undefined;
  },
});

const SLOW = [rate("nic.representor.rx_packets"), rate("nic.representor.tx_packets")];

/** Figures by what rows are of, in the order of the columns. */
export const FIGURES: Readonly<Record<Subject, Readonly<Partial<Record<Figure, FigureSource>>>>> = {
  host: {
    cpu: only(rate("host.cpu_busy_seconds")),
    memory: difference(most("host.memory_size"), mean("host.memory_available")),
    rx: first(rate("nic.physical.rx_bytes"), rate("nic.uplink.rx_bytes")),
    tx: first(rate("nic.physical.tx_bytes"), rate("nic.uplink.tx_bytes")),
    "rx-packets": first(rate("nic.physical.rx_packets"), rate("nic.uplink.rx_packets")),
    "tx-packets": first(rate("nic.physical.tx_packets"), rate("nic.uplink.tx_packets")),
    // Of the source that says most: they measure the same, or a part of it.
    power: only(most("host.power")),
    hardware: only(mean("offload.hardware_share")),
    "slow-path": slowPath(SLOW, [rate("nic.vf.rx_packets"), rate("nic.vf.tx_packets")]),
    vms: only(sum("vm.running")),
  },
  vf: {
    rx: only(rate("nic.vf.rx_bytes")),
    tx: only(rate("nic.vf.tx_bytes")),
    "rx-packets": only(rate("nic.vf.rx_packets")),
    "tx-packets": only(rate("nic.vf.tx_packets")),
    "slow-path": slowPath(SLOW, [rate("nic.vf.rx_packets"), rate("nic.vf.tx_packets")]),
  },
  vm: {
    cpu: only(rate("vm.cpu_seconds")),
    memory: only(most("vm.memory_resident")),
    rx: only(rate("vm.rx_bytes")),
    tx: only(rate("vm.tx_bytes")),
    "rx-packets": only(rate("vm.rx_packets")),
    "tx-packets": only(rate("vm.tx_packets")),
    "slow-path": slowPath(
      [rate("vm.slow_path_packets")],
      [rate("vm.rx_packets"), rate("vm.tx_packets")],
    ),
  },
};

/** Each part once, though several figures need it. */
export function partsOf(subject: Subject): readonly Part[] {
  const all = Object.values(FIGURES[subject]).flatMap(({ parts }) => parts);
  return [...new Map(all.map((part) => [nameOfPart(part), part])).values()];
}

export const nameOfPart = ({ metric, aggregation }: Part): string => `${metric} ${aggregation}`;
