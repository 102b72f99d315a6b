import type { FLEET_REASONS } from "../reasons/fleet.ts";
import { because, type ExplanationsOf } from "./explanation.ts";

export const FLEET_EXPLANATIONS: ExplanationsOf<typeof FLEET_REASONS> = {
  FLEET_FROZEN: because([
    "a switch, a power feed or a site went away, and with it many hosts",
    "NATS was away longer than a lease, and agents are still connecting again",
    "the database was restored from a copy, or a standby took over, and no operator has looked since",
  ]),
  FLEET_NOT_FROZEN: because(["the hosts came back meanwhile, or somebody lifted the freeze"]),
  FLEET_UNSETTLED: because([
    "an agent has not connected since the restore: its host is off, or was enrolled after the copy was made",
    "a VM was made, or moved, after the copy was made: it would run twice once its record is started",
  ]),
};
