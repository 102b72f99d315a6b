import type {
  MoveCause as ModelCause,
  MoveMode as ModelMode,
  MovePhase as ModelPhase,
  VmId,
} from "@switchyard/model";
import type {
  MigrationCapability as ModelCapability,
  MigrationMethod as ModelMethod,
} from "@switchyard/planner";
import {
  type MigrationCapability,
  MigrationMethod,
  type Move,
  MoveCause,
  MoveMode,
  MovePhase,
} from "@switchyard/proto";
import type { MoveRecord } from "@switchyard/store";
import { hostName, jobName, moveName, vmName } from "../validation/names.ts";
import { toProtoFailure } from "./job-event.ts";

const CAUSE: Readonly<Record<ModelCause, MoveCause>> = {
  move: MoveCause.MOVE,
  evacuate: MoveCause.EVACUATE,
  "restore-home": MoveCause.RESTORE_HOME,
  fenced: MoveCause.FENCED,
};

const PHASE: Readonly<Record<ModelPhase, MovePhase>> = {
  queued: MovePhase.QUEUED,
  sealing: MovePhase.SEALING,
  receiving: MovePhase.RECEIVING,
  preparing: MovePhase.PREPARING,
  migrating: MovePhase.MIGRATING,
  starting: MovePhase.STARTING,
  clearing: MovePhase.CLEARING,
  reverting: MovePhase.REVERTING,
  returning: MovePhase.RETURNING,
  sweeping: MovePhase.SWEEPING,
  done: MovePhase.DONE,
  failed: MovePhase.FAILED,
};

const MODE: Readonly<Record<ModelMode, MoveMode>> = {
  best: MoveMode.BEST,
  live: MoveMode.LIVE,
  cold: MoveMode.COLD,
};

export const toProtoMove = (move: MoveRecord): Move => ({
  name: moveName.format(move.id),
  etag: move.etag,
  vm: vmName.format(move.vm),
  sourceHost: hostName.format(move.sourceHost),
  targetHost: move.targetHost === undefined ? "" : hostName.format(move.targetHost),
  cause: CAUSE[move.cause],
  phase: PHASE[move.phase],
  job: move.job === undefined ? "" : jobName.format(move.job),
  createTime: new Date(move.createdAtMs),
  endTime: move.endedAtMs === undefined ? undefined : new Date(move.endedAtMs),
  diskBytes: BigInt(move.disk?.sizeBytes ?? 0),
  hasNewDisk: move.hasNewDisk,
  failure: move.failure && toProtoFailure(move.failure),
  mode: MODE[move.mode],
  isLive: move.isLive,
  downtimeMs: downtimeOf(move),
  memoryBytes: BigInt(move.migration?.memoryBytes ?? 0),
});

/** By two clocks, of which the second may be behind. */
function downtimeOf({ migration }: MoveRecord): bigint | undefined {
  const { pausedAtMs, resumedAtMs } = migration ?? {};
  if (pausedAtMs === undefined || resumedAtMs === undefined) return undefined;
  return BigInt(Math.max(0, Math.round(resumedAtMs - pausedAtMs)));
}

const METHOD: Readonly<Record<ModelMethod, MigrationMethod>> = {
  "live-vdpa": MigrationMethod.LIVE_VDPA,
  "live-vfio": MigrationMethod.LIVE_VFIO,
  "unplug-replug": MigrationMethod.UNPLUG_REPLUG,
  cold: MigrationMethod.COLD,
  none: MigrationMethod.NONE,
};

export const toProtoCapability = (
  vm: VmId,
  { method, obstacles }: ModelCapability,
): MigrationCapability => ({
  vm: vmName.format(vm),
  method: METHOD[method],
  obstacles: obstacles.map((each) => ({ ...each, method: METHOD[each.method] })),
  isSupported: method === "cold" || method === "live-vdpa",
});
