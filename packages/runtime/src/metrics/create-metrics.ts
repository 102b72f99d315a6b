import { Counter as PromCounter, Histogram as PromHistogram, Registry } from "prom-client";
import type { Logger } from "../log.ts";
import { formatFamilies } from "./exposition.ts";
import type { MetricFamily, MetricSource, Metrics } from "./metrics.ts";

interface Source {
  readonly name: string;
  readonly read: MetricSource;
}

/**
 * Metrics of this process. Counters and histograms are prom-client's; what a source reads is written as text
 * directly, because a fleet has too many series to be kept twice.
 */
export function createMetrics({ log }: { readonly log: Logger }): Metrics {
  const registry = new Registry();
  const sources: Source[] = [];
  const errors = new PromCounter({
    name: "switchyard_scrape_errors_total",
    help: "Sources that could not be read when somebody scraped.",
    labelNames: ["source"],
    registers: [registry],
  });
  const read = async ({ name, read }: Source): Promise<readonly MetricFamily[]> => {
    try {
      return await read();
    } catch (error) {
      errors.inc({ source: name });
      log.warn({ err: error, source: name }, "metrics could not be read");
      return [];
    }
  };
  return {
    counter: ({ name, help, labels = [] }) => {
      const counter = new PromCounter({ name, help, labelNames: labels, registers: [registry] });
      return { add: (values = {}, by = 1) => counter.inc({ ...values }, by) };
    },
    histogram: ({ name, help, labels = [], buckets }) => {
      const histogram = new PromHistogram({
        ...{ name, help, labelNames: labels, registers: [registry] },
        buckets: [...buckets],
      });
      return { observe: (value, values = {}) => histogram.observe({ ...values }, value) };
    },
    source: (name, reads) => {
      errors.inc({ source: name }, 0);
      sources.push({ name, read: reads });
    },
    expose: async () => {
      const families = (await Promise.all(sources.map(read))).flat();
      return `${await registry.metrics()}${formatFamilies(families)}`;
    },
  };
}
