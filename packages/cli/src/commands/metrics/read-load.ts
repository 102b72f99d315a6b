import { type HostKind, systemTiming } from "@switchyard/client";
import type { Context } from "../../context.ts";
import type { Figure, LoadRow, Subject } from "../../views/load.ts";
import { FIGURES, nameOfPart, type Part, partsOf, type Value } from "./load-figures.ts";

/** The newest whole minute, and what there is of the present one. */
const RANGE_MS = 120_000;
const STEP = { seconds: 60n, nanos: 0 };
/** Queries under way at once: a controller runs no more, and others want theirs answered too. */
const ASKED_MAX = 3;

interface Row {
  readonly host: string;
  readonly object: string;
  readonly kind: HostKind | undefined;
  /** By the part's name. */
  readonly values: Map<string, number>;
}

/** How busy each host, VF or VM was in the last minute, in no order. */
export async function readLoad(
  context: Context,
  per: Subject,
  labelSelector: Record<string, string>,
): Promise<LoadRow[]> {
  const { telemetry } = await context.client();
  const endMs = systemTiming.nowMs();
  const rows = new Map<string, Row>();
  const read = async (part: Part): Promise<void> => {
    const { series } = await telemetry.querySeries({
      ...{ ...part, labelSelector, hosts: [], object: "", step: STEP },
      startTime: new Date(endMs - RANGE_MS),
      endTime: new Date(endMs),
      groupBy: per === "host" ? ["host"] : ["host", "object"],
    });
    for (const { labels, hostKinds, points } of series) {
      const { host = "", object = "" } = labels;
      const key = `${host}\n${object}`;
      const row = rows.get(key) ?? { host, object, kind: hostKinds[0], values: new Map() };
      rows.set(key, row);
      const value = points.at(-1)?.value;
      if (value !== undefined) row.values.set(nameOfPart(part), value);
    }
  };
  const waiting = [...partsOf(per)];
  const askAll = async () => {
    for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) await read(part);
  };
  await Promise.all(Array.from({ length: ASKED_MAX }, askAll));
  return [...rows.values()].map(({ host, object, kind, values }) => ({
    ...{ host, object, kind },
    figures: figuresOf(per, (part) => values.get(nameOfPart(part))),
  }));
}

function figuresOf(
  per: Subject,
  read: (part: Part) => Value,
): Readonly<Partial<Record<Figure, number>>> {
  const figures = Object.entries(FIGURES[per]).map(
    ([figure, { parts, combine }]) => [figure, combine(...parts.map(read))] as const,
  );
  return Object.fromEntries(figures.filter(([, value]) => value !== undefined));
}
