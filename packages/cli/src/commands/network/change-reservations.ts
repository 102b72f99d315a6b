import { type AddressReservation, Network } from "@switchyard/client";
import type { Context } from "../../context.ts";
import { type MutationOptions, requestIdOf } from "../../input/mutation.ts";
import { resourceName } from "../../input/names.ts";
import { printOne } from "../../output/print.ts";
import { networkView } from "../../views/network.ts";

/** Changes a network's reservations as they are now; one who changed them meanwhile is not overruled. */
export async function changeReservations(
  context: Context,
  options: MutationOptions,
  change: {
    readonly network: string;
    readonly next: (present: readonly AddressReservation[]) => readonly AddressReservation[];
  },
): Promise<void> {
  const { networks } = await context.client();
  const name = resourceName("networks", change.network);
  const { etag, spec } = await networks.getNetwork({ name });
  const reservations = [...change.next(spec?.reservations ?? [])];
  const updated = await networks.updateNetwork({
    network: Network.fromPartial({ name, etag, spec: { reservations } }),
    updateMask: ["spec.reservations"],
    requestId: requestIdOf(options),
  });
  await printOne(context, networkView, updated);
}
