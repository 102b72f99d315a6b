export {
  FREEZE_LIMITS,
  type FreezeRequest,
  type FrozenFileSystems,
  parseFreezeRequest,
  parseThawRequest,
  type ThawRequest,
} from "./freeze.ts";
export {
  type ConsoleRequest,
  EXEC_LIMITS,
  type ExecOutcome,
  type ExecRequest,
  parseConsoleRequest,
  parseExecOutcome,
  parseExecRequest,
  parseVmLogRequest,
  type SessionEnd,
  type VmLogRequest,
} from "./session.ts";
export { parseVmLogPiece, VM_LOG_LIMITS, type VmLogPiece } from "./vm-log.ts";
