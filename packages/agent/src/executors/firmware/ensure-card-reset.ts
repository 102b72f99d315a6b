import { resetCard } from "@switchyard/host";
import { findPf, HostError, type PciAddress } from "@switchyard/model";
import { stampFirmwareConfig } from "../../firmware/config-stamp.ts";
import { ensure, type StepContext } from "../executor.ts";
import type { MissingEffect } from "../reboot/effects/effect-reader.ts";
import { findMissingEffects } from "../reboot/effects/effects.ts";

/** @throws HostError MANAGEMENT_PATH_AT_RISK, DEVICE_BUSY: what the plan saw may have changed since */
async function refuseDanger({ topology }: StepContext, pf: PciAddress): Promise<void> {
  const inventory = await topology.inventory();
  const ports = findPf(inventory, pf)?.nic.pfs ?? [];
  const carrier = ports.find(({ carriesManagement }) => carriesManagement);
  if (carrier !== undefined) {
    throw new HostError(
      "MANAGEMENT_PATH_AT_RISK",
      `the card at ${pf} carries the management path`,
      {
        found: `${carrier.link.netdev} (${carrier.pciAddress})`,
        needs: "a boot instead of a reset of the card",
      },
    );
  }
  const used = ports.filter(({ vfCount }) => vfCount > 0);
  if (used.length === 0) return;
  throw new HostError("DEVICE_BUSY", `the card at ${pf} has VFs`, {
    found: used.map(({ pciAddress, vfCount }) => `${vfCount} on ${pciAddress}`).join(", "),
    needs: "no VF on either port while the card is reset",
  });
}

interface State {
  readonly missing: readonly MissingEffect[];
}

/** There is no undo: what ran before is no longer in the flash. Looking waits for a card that comes back. */
export const ensureCardReset = ensure<"ensureCardReset", State>({
  read: async (context, { effects }) => ({ missing: await findMissingEffects(context, effects) }),
  isSatisfied: ({ missing }) => missing.length === 0,
  apply: async (context, { pf, tools }) => {
    await refuseDanger(context, pf);
    await resetCard(context.host, tools, pf);
    await stampFirmwareConfig(context.host, `${context.job}/${context.epoch} reset`);
  },
  undo: undefined,
  failure: "FIRMWARE_RESET_FAILED",
  movesDevices: true,
  isLasting: true,
});
