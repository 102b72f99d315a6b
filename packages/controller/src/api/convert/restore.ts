import type { RestoreReport, RestoreState } from "@switchyard/model";
import { type BootRestore, BootRestoreState } from "@switchyard/proto";
import { toProtoFinding } from "./finding.ts";

const STATE: Readonly<Record<RestoreState, BootRestoreState>> = {
  restored: BootRestoreState.RESTORED,
  intact: BootRestoreState.INTACT,
  refused: BootRestoreState.REFUSED,
  failed: BootRestoreState.FAILED,
};

export const toProtoRestore = (report: RestoreReport): BootRestore => ({
  bootId: report.bootId,
  state: STATE[report.state],
  reportTime: new Date(report.atMs),
  runCount: report.runCount,
  changedSteps: [...report.changed],
  finding: report.finding && toProtoFinding(report.finding),
});
