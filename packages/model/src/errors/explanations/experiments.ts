import type { EXPERIMENT_REASONS } from "../reasons/experiments.ts";
import { because, type ExplanationsOf } from "./explanation.ts";

export const EXPERIMENT_EXPLANATIONS: ExplanationsOf<typeof EXPERIMENT_REASONS> = {
  EXPERIMENT_NOT_FOUND: because(["the name is misspelt", "the experiment was deleted"]),
  EXPERIMENT_STATE_WRONG: because(["it ended, or has not ended yet"]),
  EXPERIMENT_HOST_UNFIT: because([
    "its profile was changed and not applied since",
    "somebody changed the host by hand",
    "its profile does not describe the bridge that a mode needs",
  ]),
  EXPERIMENT_TIMED_OUT: because(["a job of its hosts waits, or a guest did not boot"]),
  EXPERIMENT_NOT_RESTORED: because([
    "the host is lost",
    "a VM of the experiment could not be deleted",
    "a step on the way back failed",
  ]),
  HOST_IN_EXPERIMENT: because(["an experiment has not ended yet"]),
  MEASUREMENT_FAILED: because([
    "the image holds no iperf3 or no ping",
    "a firewall in the guest lets nothing in",
    "the VMs do not reach each other",
  ]),
};
