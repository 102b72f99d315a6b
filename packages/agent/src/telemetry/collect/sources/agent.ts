import type { MetricName } from "@switchyard/model";
import type { Source } from "../source.ts";

/** What the agent says of itself, by metric; an undefined value is not known now. */
export type SelfReadings = Partial<Record<Extract<MetricName, `agent.${string}`>, number>>;

/** Of what is told as a percentile: the worst. */
const OBJECTS: Partial<Record<MetricName, string>> = { "agent.event_loop_lag": "100" };

/** @param read left out where many agents share one process, whose figures would be nobody's */
export const selfSource = (read: (() => SelfReadings) | undefined): Source => ({
  name: "agent",
  rate: "10s",
  read: async (pass) => {
    for (const [metric, value] of Object.entries(read?.() ?? {})) {
      const name = metric as MetricName; // every key of SelfReadings is one
      pass.add(name, OBJECTS[name] ?? "", value);
    }
  },
});
