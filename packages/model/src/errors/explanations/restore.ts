import type { RESTORE_REASONS } from "../reasons/restore.ts";
import { because, type ExplanationsOf } from "./explanation.ts";

export const RESTORE_EXPLANATIONS: ExplanationsOf<typeof RESTORE_REASONS> = {
  RESTORE_UNSAFE: because([
    "somebody made VFs, vDPA devices or a bridge since the boot that are not the profile's",
    "a VM uses what would have to be made anew",
  ]),
  HARDWARE_CHANGED: because([
    "a NIC was replaced, moved to another slot, or taken out while the power was off",
    "a NIC did not come up after the boot",
  ]),
  RESTORE_FAILED: because([
    "a module, Open vSwitch or the NIC did not come up in time after the boot",
    "a package or kernel was replaced by hand since the datapath was applied",
  ]),
};
