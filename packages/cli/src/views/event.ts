import { Event } from "@switchyard/client";
import type { View } from "../output/print.ts";
import { type Column, formatFields } from "../output/table.ts";
import { plainText } from "../output/text.ts";
import { formatLabels, formatTimestamp } from "../output/values.ts";

const columns: readonly Column<Event>[] = [
  { header: "TIME", cell: ({ time }) => formatTimestamp(time) },
  { header: "ACTOR", cell: ({ actor }) => actor },
  { header: "ACTION", cell: ({ action }) => action },
  { header: "RESOURCE", cell: ({ resource }) => resource },
  {
    header: "DETAILS",
    cell: ({ details }) => plainText(formatLabels(details)).replaceAll("\n", " "),
  },
];

export const eventView: View<Event> = {
  plural: "events",
  toJson: Event.toJSON,
  nameOf: ({ name }) => name,
  columns,
  describe: (event, style) =>
    `${style.bold(event.name)}\n${formatFields([
      ["time", formatTimestamp(event.time)],
      ["actor", event.actor],
      ["action", event.action],
      ["resource", event.resource],
      ["request", event.requestId],
      ["details", plainText(formatLabels(event.details))],
    ])}`,
};
