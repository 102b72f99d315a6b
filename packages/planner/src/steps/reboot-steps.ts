import {
  type Argv,
  bootHost,
  curlRedfish,
  type Inventory,
  type RebootEffect,
  resetSystem,
  sync,
} from "@switchyard/model";
import { type PowerSwitch, powerSwitchOf } from "../host/reboot/cold-cycle.ts";
import { run } from "./commands.ts";
import { type Draft, draft } from "./draft.ts";

/**
 * @param options.reason what the boot is for, in words
 * @param options.observed says which BMC is at hand, and which init system boots the host
 */
export function ensureRebooted(options: {
  readonly reason: string;
  readonly effects: readonly RebootEffect[];
  readonly observed: Pick<Inventory, "bmc" | "system">;
}): Draft {
  const { reason, effects, observed } = options;
  const isCold = effects.some(({ needsColdCycle }) => needsColdCycle);
  return draft(
    "ensureRebooted",
    { reason, effects, isCold },
    {
      title: `${isCold ? "Power-cycle" : "Boot"} the host: ${reason}`,
      commands: (isCold
        ? coldCycle(powerSwitchOf(observed))
        : [bootHost(observed.system?.hasSystemd ?? true)]
      ).map(run),
      disruption: "reboot",
      isReversible: false,
    },
  );
}

const coldCycle = (power: PowerSwitch | undefined): readonly Argv[] =>
  power === undefined
    ? [["<BMC: PowerCycle>"]]
    : [sync(), curlRedfish(power, resetSystem(power.systemPath, "PowerCycle"))];
