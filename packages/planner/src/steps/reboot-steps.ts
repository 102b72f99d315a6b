import { type Argv, curlRedfish, type RebootEffect, resetSystem, sync } from "@switchyard/model";
import type { PowerSwitch } from "../host/reboot/cold-cycle.ts";
import { run } from "./commands.ts";
import { type Draft, draft } from "./draft.ts";

/**
 * @param options.reason what the boot is for, in words
 * @param options.power undefined where no BMC is at hand
 */
export function ensureRebooted(options: {
  readonly reason: string;
  readonly effects: readonly RebootEffect[];
  readonly power: PowerSwitch | undefined;
}): Draft {
  const { reason, effects, power } = options;
  const isCold = effects.some(({ needsColdCycle }) => needsColdCycle);
  return draft(
    "ensureRebooted",
    { reason, effects, isCold },
    {
      title: `${isCold ? "Power-cycle" : "Boot"} the host: ${reason}`,
      commands: (isCold ? coldCycle(power) : [["systemctl", "reboot"] as const]).map(run),
      disruption: "reboot",
      isReversible: false,
    },
  );
}

const coldCycle = (power: PowerSwitch | undefined): readonly Argv[] =>
  power === undefined
    ? [["<BMC: PowerCycle>"]]
    : [sync(), curlRedfish(power, resetSystem(power.systemPath, "PowerCycle"))];
