export { type Broker, startBroker } from "./broker.ts";
export { type SimAgent, type SimAgentOptions, startSimAgent } from "./sim-agents.ts";
export { SIM_LABELS, type Stack, type StackOptions, startStack } from "./stack.ts";
