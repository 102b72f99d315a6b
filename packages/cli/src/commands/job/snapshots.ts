import { JobSnapshot, type MissingSnapshot } from "@switchyard/client";
import { resourceName } from "../../input/names.ts";
import { printDocument } from "../../output/print.ts";
import type { Style } from "../../output/style.ts";
import { type Column, formatTable } from "../../output/table.ts";
import { plainText } from "../../output/text.ts";
import { formatTime } from "../../output/values.ts";
import { defineVerb } from "../../verb.ts";
import { collectItems } from "../listing.ts";

export const verb = defineVerb({
  configure: (command) => {
    command.argument("<job>", "a host plan's job");
  },
  run: async ({ context, args: [job = ""] }) => {
    const { jobs } = await context.client();
    const name = resourceName("jobs", job);
    let missing: readonly MissingSnapshot[] = [];
    const snapshots = await collectItems(
      (page) => jobs.listJobSnapshots({ ...page, job: name }),
      (page) => {
        missing = page.missing;
        return page.snapshots;
      },
      {},
    );
    const { style } = context;
    const json = { snapshots: snapshots.map((each) => JobSnapshot.toJSON(each)), missing };
    const table = formatTable(COLUMNS, snapshots, {
      style,
      hasHeaders: context.settings.hasHeaders,
    });
    await printDocument(context, {
      json,
      text: `${table}${formatTroubles(snapshots, missing, style)}`,
    });
    return undefined;
  },
});

/** A whole read is shown as one word. */
const AREAS_SHOWN_MAX = 4;

function areasText({ takenAreas }: JobSnapshot): string {
  if (takenAreas.length === 0) return "nothing changed";
  return takenAreas.length > AREAS_SHOWN_MAX ? `${takenAreas.length} areas` : takenAreas.join(", ");
}

const waitMs = ({ waitDuration }: JobSnapshot): string =>
  String(Number(waitDuration?.seconds ?? 0n) * 1000 + Math.round((waitDuration?.nanos ?? 0) / 1e6));

const COLUMNS: readonly Column<JobSnapshot>[] = [
  { header: "POINT", cell: ({ point }) => point },
  { header: "AFTER", cell: ({ step }) => step },
  { header: "TIME", cell: ({ time }) => formatTime(time) },
  { header: "CHANGED", cell: (each) => String(each.changedItemCount), isNumber: true },
  { header: "KERNEL LINES", cell: ({ kernelLog }) => String(kernelLog.length), isNumber: true },
  { header: "TOOK MS", cell: waitMs, isNumber: true },
  { header: "READ", cell: areasText },
];

function formatTroubles(
  snapshots: readonly JobSnapshot[],
  missing: readonly MissingSnapshot[],
  style: Style,
): string {
  const unread = snapshots.flatMap(({ point, unreadAreas }) =>
    unreadAreas.map(({ area, message }) => `${point}: ${area} could not be read: ${message}`),
  );
  const gone = missing.map(({ point, why }) => `${point} is missing: ${why}`);
  return [...unread, ...gone].map((line) => `${style.state("warn", plainText(line))}\n`).join("");
}
