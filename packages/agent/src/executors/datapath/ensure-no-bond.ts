import { deleteBond } from "@switchyard/host";
import { ensure } from "../executor.ts";
import { type BondState, readBond, refuseForeign, restoreBond } from "./bond-state.ts";

export const ensureNoBond = ensure<"ensureNoBond", BondState>({
  read: (context, { bond }) => readBond(context, bond),
  isSatisfied: ({ bond }) => bond === undefined,
  apply: async ({ host }, { bond }, state) => {
    refuseForeign(bond, state);
    await deleteBond(host, bond);
  },
  undo: (context, { bond }, before) => restoreBond(context, bond, before),
  failure: "BOND_CHANGE_FAILED",
  movesDevices: true,
});
