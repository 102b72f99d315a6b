export type { Cordon, Fence } from "./cordon.ts";
export { DISK_TRANSFER_LIMITS, type DiskSeal, type DiskTransfer } from "./disk-transfer.ts";
export {
  MIGRATION_LIMITS,
  type MigrationChannel,
  type MigrationNote,
  MOVE_MODES,
  type MoveMode,
  migrationKeyPurpose,
} from "./live-migration.ts";
export {
  isMoveEnd,
  MOVE_ENDS,
  MOVES_AT_ONCE,
  type MoveCause,
  type MoveOutlook,
  type MovePhase,
} from "./move.ts";
