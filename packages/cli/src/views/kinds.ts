import {
  Disruption,
  ExperimentState,
  type Finding,
  FindingSeverity,
  HostKind,
  HostState,
  ImageCopyState,
  JobState,
  PlanState,
  RolloutHostState,
  RolloutState,
  VmState,
} from "@switchyard/client";
import { formatProblem } from "../output/problem.ts";
import type { Mood, Style } from "../output/style.ts";
import { enumWord } from "../output/values.ts";

/** `real`, `lab` or `simulated`: told wherever a host or a result of one is shown. */
export const kindWord = (kind: HostKind): string => enumWord(HostKind, kind) || "unknown";

const stateShower =
  <State extends number>(
    table: Readonly<Record<string, number>>,
    moods: Readonly<Partial<Record<number, Mood>>>,
  ) =>
  (state: State, style: Style): string =>
    style.state(moods[state] ?? "plain", enumWord(table, state) || "unknown");

export const showHostState = stateShower<HostState>(HostState, {
  [HostState.ENROLLED]: "busy",
  [HostState.READY]: "good",
  [HostState.SUSPECT]: "warn",
  [HostState.LOST]: "bad",
});

export const showPlanState = stateShower<PlanState>(PlanState, {
  [PlanState.READY]: "good",
  [PlanState.EMPTY]: "good",
  [PlanState.BLOCKED]: "bad",
  [PlanState.APPLIED]: "plain",
});

export const showJobState = stateShower<JobState>(JobState, {
  [JobState.PENDING]: "busy",
  [JobState.ACCEPTED]: "busy",
  [JobState.RUNNING]: "busy",
  [JobState.SUCCEEDED]: "good",
  [JobState.FAILED]: "bad",
  [JobState.NEEDS_OPERATOR]: "bad",
  [JobState.CANCELLED]: "warn",
  [JobState.EXPIRED]: "bad",
});

export const showImageCopyState = stateShower<ImageCopyState>(ImageCopyState, {
  [ImageCopyState.FETCHING]: "busy",
  [ImageCopyState.CACHED]: "good",
  [ImageCopyState.FAILED]: "bad",
});

export const showVmState = stateShower<VmState>(VmState, {
  [VmState.STARTING]: "busy",
  [VmState.RUNNING]: "good",
  [VmState.DELETING]: "busy",
  [VmState.FAILED]: "bad",
  [VmState.STOPPING]: "busy",
  [VmState.STOPPED]: "plain",
  [VmState.MOVING]: "busy",
  [VmState.LOST]: "bad",
});

export const showRolloutState = stateShower<RolloutState>(RolloutState, {
  [RolloutState.RUNNING]: "busy",
  [RolloutState.SOAKING]: "busy",
  [RolloutState.PAUSED]: "warn",
  [RolloutState.HALTED]: "bad",
  [RolloutState.ROLLING_BACK]: "warn",
  [RolloutState.SUCCEEDED]: "good",
  [RolloutState.ROLLED_BACK]: "warn",
  [RolloutState.ABORTED]: "warn",
  [RolloutState.FAILED]: "bad",
});

export const showRolloutHostState = stateShower<RolloutHostState>(RolloutHostState, {
  [RolloutHostState.RUNNING]: "busy",
  [RolloutHostState.VERIFYING]: "busy",
  [RolloutHostState.UPDATED]: "good",
  [RolloutHostState.UNCHANGED]: "good",
  [RolloutHostState.FAILED]: "bad",
  [RolloutHostState.ROLLING_BACK]: "warn",
  [RolloutHostState.ROLLED_BACK]: "warn",
  [RolloutHostState.STUCK]: "bad",
});

export const showExperimentState = stateShower<ExperimentState>(ExperimentState, {
  [ExperimentState.SWITCHING]: "busy",
  [ExperimentState.STARTING]: "busy",
  [ExperimentState.MEASURING]: "busy",
  [ExperimentState.CLEARING]: "busy",
  [ExperimentState.RESTORING]: "busy",
  [ExperimentState.SUCCEEDED]: "good",
  [ExperimentState.FAILED]: "bad",
  [ExperimentState.CANCELLED]: "warn",
});

export const disruptionWord = (disruption: Disruption): string =>
  enumWord(Disruption, disruption) || "none";

/** Findings in the shape errors have. */
export const formatFindings = (findings: readonly Finding[], style: Style): string =>
  findings
    .map((finding) =>
      formatProblem(
        {
          severity: finding.severity === FindingSeverity.ERROR ? "error" : "warning",
          message: finding.message,
          reason: finding.reason,
          facts: [
            ["found", finding.found],
            ["needs", finding.needs],
            ["try", finding.fix],
          ],
        },
        style,
      ),
    )
    .join("");
