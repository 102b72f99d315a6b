/** Label values by name. A value comes from a small closed set: never a request, a flow, an id of work. */
export type MetricLabels = Readonly<Record<string, string>>;

export interface MetricSpec {
  /** `switchyard_…`, snake case, base unit last; a counter ends in `_total`. */
  readonly name: string;
  /** One sentence, ending in a full stop. */
  readonly help: string;
  /** Names of its labels; each observation gives all of them. */
  readonly labels?: readonly string[];
}

export interface Counter {
  /** @param by 0 or more; 1 unless told */
  add(labels?: MetricLabels, by?: number): void;
}

export interface Histogram {
  observe(value: number, labels?: MetricLabels): void;
}

export interface MetricPoint {
  readonly labels: MetricLabels;
  readonly value: number;
}

/** One metric with all its series, as read at the moment of a scrape. */
export interface MetricFamily extends MetricSpec {
  readonly kind: "counter" | "gauge";
  readonly points: readonly MetricPoint[];
}

/** Reads families when somebody scrapes. What fails is left out of that answer, and counted. */
export type MetricSource = () => Promise<readonly MetricFamily[]> | readonly MetricFamily[];

/** What a process counts of itself, and what it reads when it is scraped. */
export interface Metrics {
  counter(spec: MetricSpec): Counter;
  /** @param spec.buckets upper bounds, ascending, in the metric's unit */
  histogram(spec: MetricSpec & { readonly buckets: readonly number[] }): Histogram;
  /** @param name of the source, in `switchyard_scrape_errors_total` */
  source(name: string, read: MetricSource): void;
  /** Everything in the text exposition format, version 0.0.4. */
  expose(): Promise<string>;
}

/** Latencies of calls and queries, seconds. */
export const SECONDS_BUCKETS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10,
];

/** Counts nothing: for parts that nobody scrapes. */
export const noMetrics: Metrics = {
  counter: () => ({ add: () => undefined }),
  histogram: () => ({ observe: () => undefined }),
  source: () => undefined,
  expose: async () => "",
};
