import type { MetricName } from "@switchyard/model";
import type { Pass } from "./source.ts";

/** Things followed at most: five counters of 128 VMs with some NICs each, or eight of all VFs of a host. */
const FOLLOWED_MAX = 20_000;

export interface LastingSums {
  /**
   * Adds what a thing's counter grew since it was taken last. What it had counted before it was seen first is no
   * part of the sum; a fall is a new beginning from zero.
   *
   * @param of.thing names it, in whatever sum it is
   */
  take(
    metric: MetricName,
    object: string,
    of: { readonly thing: string; readonly value: number },
  ): void;
  /** Forgets all other things, and the sums that are left without one. */
  keepOnly(things: ReadonlySet<string>): void;
  /** Undefined for a sum that nothing was taken for. */
  valueOf(metric: MetricName, object: string): number | undefined;
  /** Adds every sum to the pass. */
  tellInto(pass: Pass): void;
}

interface Sum {
  readonly metric: MetricName;
  readonly object: string;
  value: number;
  readonly seen: Map<string, number>;
}

const nameOf = (metric: MetricName, object: string): string => `${metric} ${object}`;

/**
 * Adds up counters of things that come and go, so that no sum falls when one of them leaves or could not be read for
 * once: a reader would take the fall for a new beginning, and count everything again.
 */
export function createLastingSums(): LastingSums {
  const sums = new Map<string, Sum>();
  let followedCount = 0;
  const find = (metric: MetricName, object: string) => sums.get(nameOf(metric, object));
  return {
    take: (metric, object, { thing, value }) => {
      const sum = find(metric, object) ?? { metric, object, value: 0, seen: new Map() };
      const before = sum.seen.get(thing);
      if (before === undefined) {
        if (followedCount >= FOLLOWED_MAX) return;
        followedCount += 1;
        sums.set(nameOf(metric, object), sum);
      } else {
        sum.value += value >= before ? value - before : value;
      }
      sum.seen.set(thing, value);
    },
    keepOnly: (things) => {
      for (const [name, { seen }] of sums) {
        for (const thing of seen.keys()) {
          if (things.has(thing)) continue;
          seen.delete(thing);
          followedCount -= 1;
        }
        if (seen.size === 0) sums.delete(name);
      }
    },
    valueOf: (metric, object) => find(metric, object)?.value,
    tellInto: (pass) => {
      for (const { metric, object, value } of sums.values()) pass.add(metric, object, value);
    },
  };
}
