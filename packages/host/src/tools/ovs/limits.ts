import { NIC_KEY, type RateLimit } from "@switchyard/model";
import { columnNumber, columnText, mapOf, type Row } from "./table.ts";

/** Open vSwitch counts policing in thousands of bits. @see ovs-vswitchd.conf.db(5), Interface */
const KILO = 1000;

export interface ShapingTables {
  readonly QoS: readonly Row[];
  readonly Queue: readonly Row[];
}

/** What may come in by an interface; undefined: all. */
export function policingOf(row: Row): RateLimit | undefined {
  const rate = columnNumber(row, "ingress_policing_rate") ?? 0;
  if (rate === 0) return undefined;
  const burst = columnNumber(row, "ingress_policing_burst") ?? 0;
  return { bitsPerSecond: rate * KILO, burstBits: burst * KILO };
}

/** The NIC that a row of QoS or Queue is for; undefined where the row is not ours. */
export const nicOfRow = (row: Row): string | undefined => {
  const mark = mapOf(row, "external_ids").get(NIC_KEY);
  return mark === undefined ? undefined : String(mark);
};

/** What may go out by the port that names this QoS, where the QoS is ours. */
export function shapingOf(
  uuid: string | undefined,
  { QoS, Queue }: ShapingTables,
): RateLimit | undefined {
  const row = QoS.find((each) => columnText(each, "_uuid") === uuid);
  const nic = row && nicOfRow(row);
  if (row === undefined || nic === undefined) return undefined;
  const queue = Queue.find((each) => nicOfRow(each) === nic);
  const numberOf = (of: Row | undefined, key: string) =>
    Number((of && mapOf(of, "other_config").get(key)) ?? 0);
  return { bitsPerSecond: numberOf(row, "max-rate"), burstBits: numberOf(queue, "burst") };
}
