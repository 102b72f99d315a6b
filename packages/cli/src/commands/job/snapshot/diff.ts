import { DiffJobSnapshotsResponse } from "@switchyard/client";
import { EXIT_CODES } from "../../../exit-codes.ts";
import { snapshotNameOf } from "../../../input/snapshot-names.ts";
import { printDocument } from "../../../output/print.ts";
import type { Style } from "../../../output/style.ts";
import { formatTable } from "../../../output/table.ts";
import { indent, plainText } from "../../../output/text.ts";
import { shortName } from "../../../output/values.ts";
import { defineVerb } from "../../../verb.ts";

interface Options {
  readonly from: string;
  readonly to: string;
  readonly toJob?: string;
  readonly exitCode?: boolean;
}

export const verb = defineVerb<Options>({
  configure: (command) => {
    command
      .argument("<job>", "a host plan's job")
      .option("--from <point>", "start, step-3, failed, end", "start")
      .option("--to <point>", "start, step-3, failed, end", "end")
      .option("--to-job <job>", "take --to of this job instead")
      .option("--exit-code", "exit 10 when they differ");
  },
  run: async ({ context, args: [job = ""], options }) => {
    const { jobs } = await context.client();
    const diff = await jobs.diffJobSnapshots({
      from: snapshotNameOf(job, options.from),
      to: snapshotNameOf(options.toJob ?? job, options.to),
    });
    const text = formatDiff(diff, context.style, context.settings.hasHeaders);
    await printDocument(context, { json: DiffJobSnapshotsResponse.toJSON(diff), text });
    return options.exitCode && diff.changes.length > 0 ? EXIT_CODES.changes.code : undefined;
  },
});

/** What a side says where the item or the field is not there. */
const ABSENT = "-";
const shown = (text: string | undefined): string => (text === undefined ? ABSENT : plainText(text));

function formatDiff(diff: DiffJobSnapshotsResponse, style: Style, hasHeaders: boolean): string {
  const { changes, incomparableAreas, kernelLog, from, to } = diff;
  const sides = [from, to].map((side) => `${shortName(side?.host ?? "")} ${side?.point ?? ""}`);
  const table = formatTable(
    [
      { header: "AREA", cell: ({ area }) => area },
      { header: "ITEM", cell: ({ item }) => plainText(item) },
      { header: "FIELD", cell: ({ field }) => field },
      { header: "BEFORE", cell: ({ before }) => shown(before) },
      { header: "AFTER", cell: ({ after }) => shown(after) },
    ],
    changes,
    { style, hasHeaders },
  );
  const lines = kernelLog.map(plainText).join("\n");
  return [
    changes.length === 0 ? `no difference between ${sides.join(" and ")}\n` : table,
    incomparableAreas.length === 0
      ? ""
      : `not compared, because only one side has them: ${incomparableAreas.join(", ")}\n`,
    kernelLog.length === 0 ? "" : `the kernel said meanwhile:\n${indent(lines, 2)}\n`,
  ].join("");
}
