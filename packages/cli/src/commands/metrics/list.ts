import { METRICS, prometheusNameOf } from "@switchyard/model";
import { printList, type View } from "../../output/print.ts";
import { formatFields } from "../../output/table.ts";
import { defineVerb } from "../../verb.ts";

const CATALOGUE = Object.entries(METRICS).map(([metric, entry]) => ({
  metric: metric as keyof typeof METRICS,
  ...entry,
}));
type Entry = (typeof CATALOGUE)[number];

const view: View<Entry> = {
  plural: "metrics",
  toJson: ({ metric, kind, unit, object, help }) => ({
    ...{ metric, kind, unit, object, help },
    prometheus: prometheusNameOf(metric),
  }),
  nameOf: ({ metric }) => metric,
  columns: [
    { header: "METRIC", cell: ({ metric }) => metric },
    { header: "KIND", cell: ({ kind }) => kind },
    { header: "UNIT", cell: ({ unit }) => unit },
    { header: "OBJECT", cell: ({ object }) => object },
    { header: "HELP", cell: ({ help }) => help },
  ],
  describe: ({ metric, help }) => formatFields([[metric, help]]),
};

export const verb = defineVerb({
  configure: () => undefined,
  run: async ({ context }) => {
    await printList(context, view, CATALOGUE);
    return undefined;
  },
});
