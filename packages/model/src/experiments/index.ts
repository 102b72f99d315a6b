export {
  type CpuReading,
  type EnvironmentOfHost,
  EXPERIMENT_MODES,
  type ExperimentMode,
  type ExperimentResult,
  type ExperimentRound,
  type LatencyReading,
  type OffloadReading,
  type PowerReading,
  type PowerSource,
  type ThroughputReading,
} from "./experiment.ts";
export {
  EXPERIMENT_STATES,
  type ExperimentOutcome,
  type ExperimentSpec,
  type ExperimentState,
  type ExperimentVmSpec,
  type IdlePower,
  isExperimentEnd,
  LIMITS_OF_EXPERIMENT,
  type ModeBaseline,
  ROUND_OUTPUT_BYTES_MAX,
  type RoundOutput,
} from "./experiment-spec.ts";
export { CPU_PACKAGES_MAX, type EnergyCounter, type HostLoad } from "./host-load.ts";
