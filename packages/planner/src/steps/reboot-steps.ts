import type { RebootEffect } from "@switchyard/model";
import { run } from "./commands.ts";
import { type Draft, draft } from "./draft.ts";

/** @param reason what the boot is for, in words */
export function ensureRebooted(reason: string, effects: readonly RebootEffect[]): Draft {
  const isCold = effects.some(({ needsColdCycle }) => needsColdCycle);
  return draft(
    "ensureRebooted",
    { reason, effects, isCold },
    {
      title: `${isCold ? "Power-cycle" : "Boot"} the host: ${reason}`,
      commands: [run(isCold ? ["<BMC: PowerCycle>"] : ["systemctl", "reboot"])],
      disruption: "reboot",
      isReversible: false,
    },
  );
}
