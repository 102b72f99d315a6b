import type { FLEET_REASONS } from "../reasons/fleet.ts";
import { because, type ExplanationsOf } from "./explanation.ts";

export const FLEET_EXPLANATIONS: ExplanationsOf<typeof FLEET_REASONS> = {
  FLEET_FROZEN: because([
    "a switch, a power feed or a site went away, and with it many hosts",
    "NATS was away longer than a lease, and agents are still connecting again",
  ]),
  FLEET_NOT_FROZEN: because(["the hosts came back meanwhile, or somebody lifted the freeze"]),
};
