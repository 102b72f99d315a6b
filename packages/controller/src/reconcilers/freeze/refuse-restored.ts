import { freezeText, StoreError } from "@switchyard/model";
import type { Reads } from "@switchyard/store";
import type { Brake } from "./brake.ts";

/**
 * After a restore no call starts a VM either: it may run elsewhere, and what it would take may be taken.
 *
 * @throws StoreError FLEET_FROZEN
 */
export async function refuseRestored(brake: Brake, reads: Pick<Reads, "freeze">): Promise<void> {
  const freeze = await brake.findRestore(reads);
  if (freeze === undefined) return;
  throw new StoreError("FLEET_FROZEN", freezeText(freeze), {
    subject: "fleet",
    found: "hosts that may run VMs which the database does not know",
    needs: "a look at them, and an operator who then lifts the freeze",
    try: "swy fleet get",
  });
}
