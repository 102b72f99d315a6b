import type { MetricName } from "@switchyard/model";
import type { Source } from "../source.ts";

/** What the agent says of itself, by metric; an undefined value is not known now. */
export type SelfReadings = Partial<Record<Extract<MetricName, `agent.${string}`>, number>>;

/** @param read left out where many agents share one process, whose figures would be nobody's */
export const selfSource = (read: (() => SelfReadings) | undefined): Source => ({
  name: "agent",
  rate: "10s",
  read: async (pass) => {
    for (const [metric, value] of Object.entries(read?.() ?? {})) {
      pass.add(metric as MetricName, "", value);
    }
  },
});
