export {
  type AgentBus,
  type BusEnd,
  COMMAND_VERBS,
  type CommandAnswer,
  type CommandVerb,
  type HeartbeatReport,
  type InventoryReport,
  type ReceivedCommand,
  type ReceivedJob,
  type Subscription,
  type TelemetryReport,
} from "./agent-bus.ts";
