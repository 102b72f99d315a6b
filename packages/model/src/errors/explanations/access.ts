import type { ACCESS_REASONS } from "../reasons/access.ts";
import { because, type ExplanationsOf } from "./explanation.ts";

export const ACCESS_EXPLANATIONS: ExplanationsOf<typeof ACCESS_REASONS> = {
  TOKEN_INVALID: because(["it was used before", "it expired"]),
  CREDENTIALS_INVALID: because(["no token was sent", "the token was withdrawn"]),
  PERMISSION_MISSING: because(["the token's role is lower than the method needs"]),
  CALL_TIMED_OUT: because(["the controller or its database is overloaded"], "CTL-DATABASE"),
  DATABASE_UNAVAILABLE: because(["Postgres is down or restarting"], "CTL-DATABASE"),
  BUS_UNAVAILABLE: because(["nats-server is down or restarting"], "CTL-BUS"),
  CONFIG_INVALID: because(["a setting is missing or contradicts another"]),
  INVARIANT_BROKEN: because(["a bug in Switchyard"]),
};
