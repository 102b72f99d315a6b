import { Sample } from "@switchyard/client";
import { isMetricName, METRICS } from "@switchyard/model";
import type { View } from "../output/print.ts";
import { type Column, formatFields } from "../output/table.ts";
import { formatTimestamp, shortName } from "../output/values.ts";

const unitOf = ({ metric }: Sample): string => (isMetricName(metric) ? METRICS[metric].unit : "");

const columns: readonly Column<Sample>[] = [
  { header: "HOST", cell: ({ host }) => shortName(host) },
  { header: "METRIC", cell: ({ metric }) => metric },
  { header: "OBJECT", cell: ({ object }) => object },
  { header: "TIME", cell: ({ time }) => formatTimestamp(time) },
  { header: "VALUE", isNumber: true, cell: ({ value }) => String(value) },
  { header: "UNIT", cell: unitOf },
];

export const sampleView: View<Sample> = {
  plural: "samples",
  toJson: Sample.toJSON,
  nameOf: ({ host, metric, object }) => `${host} ${metric} ${object}`.trimEnd(),
  columns,
  describe: (sample) =>
    formatFields(
      columns.map(({ header, cell }) => [
        header.toLowerCase(),
        cell(sample, { state: (_, text) => text, bold: String, dim: String, red: String }),
      ]),
    ),
};
