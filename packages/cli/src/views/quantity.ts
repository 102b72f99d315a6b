import type { MetricUnit } from "@switchyard/model";
import { formatBits } from "../input/bit-rate.ts";
import { formatBytes } from "../output/values.ts";

const BITS_PER_BYTE = 8;

const plain = (value: number): string => String(Number(value.toPrecision(4)));

/** A value of a metric for people: bytes a second as bits a second, as links are named. */
export function formatQuantity(value: number, unit: MetricUnit, isRate: boolean): string {
  switch (unit) {
    case "bytes":
      if (!isRate) return formatBytes(Math.round(value));
      return `${formatBits(Number((value * BITS_PER_BYTE).toPrecision(4)))}/s`;
    case "bytes-per-second":
      return `${formatBits(Number((value * BITS_PER_BYTE).toPrecision(4)))}/s`;
    case "ratio":
      return `${plain(value * 100)} %`;
    case "watts":
      return `${plain(value)} W`;
    // So many joules a second are watts, and so many seconds of CPU are CPUs.
    case "joules":
      return isRate ? `${plain(value)} W` : `${plain(value)} J`;
    case "seconds":
      return isRate ? plain(value) : `${plain(value)} s`;
    case "celsius":
      return `${plain(value)} °C`;
    default:
      return isRate ? `${plain(value)} /s` : plain(value);
  }
}
