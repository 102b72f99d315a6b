export {
  COMMAND_DEFAULTS,
  type Command,
  type CommandResult,
  type Host,
  HostFileError,
  type LineSocket,
} from "./port/host.ts";
