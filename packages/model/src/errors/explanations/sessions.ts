import type { SESSION_REASONS } from "../reasons/sessions.ts";
import { because, type ExplanationsOf } from "./explanation.ts";

export const SESSION_EXPLANATIONS: ExplanationsOf<typeof SESSION_REASONS> = {
  CONSOLE_BUSY: because(["a session of somebody else, or your own that was cut off seconds ago"]),
  CONSOLE_TAKEN: because(["somebody connected with --take"]),
  CONSOLE_IDLE: because(["a forgotten terminal"]),
  CONSOLE_STALLED: because(["the terminal was stopped with Ctrl-S or Ctrl-Z", "a pipe was full"]),
  SESSION_LOST: because(
    ["NATS was restarted", "the agent or the controller ended", "the network was interrupted"],
    "CTL-HOSTS",
  ),
  SESSIONS_TOO_MANY: because(["consoles left open by scripts"]),
};
