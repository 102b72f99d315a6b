import type { LoadedSnapshot } from "@switchyard/hostsim";
import type { SnapshotDocument } from "@switchyard/model";

/** Differences shown; a host with many functions of other cards differs in each. */
const SHOWN_MAX = 100;

/** What was loaded, and what of it the simulator can't express, for people. */
export function describeLoaded(
  { host, hostKind, job, snapshot }: SnapshotDocument,
  { differences, assumed }: LoadedSnapshot,
): string {
  const from = `${host} (${hostKind}), ${snapshot.point} of job ${job}, ${new Date(snapshot.atMs).toISOString()}`;
  const lines = differences
    .slice(0, SHOWN_MAX)
    .map(
      ({ area, item, field, before, after }) =>
        `  ${[area, item, field].filter((word) => word !== "").join(" ")}: ${before ?? "absent"} -> ${after ?? "absent"}`,
    );
  const rest = differences.length - lines.length;
  return [
    `loaded ${from}`,
    differences.length === 0
      ? "the simulated host shows the same facts"
      : `the simulator can't express (snapshot -> simulated host):\n${lines.join("\n")}`,
    ...(rest > 0 ? [`  and ${rest} more`] : []),
    ...(assumed.length > 0 ? [`not in the snapshot, assumed: ${assumed.join(", ")}`] : []),
    "not in any snapshot, assumed: files, packages, BIOS, VMs",
  ].join("\n");
}
