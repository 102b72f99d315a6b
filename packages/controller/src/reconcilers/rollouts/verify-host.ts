import type { HostId, RolloutId } from "@switchyard/model";
import { judgeHost } from "@switchyard/planner";
import type { RolloutHostChange } from "@switchyard/store";
import { diagnose } from "../../api/diagnosis/diagnose.ts";
import type { FleetView } from "../../api/diagnosis/fleet-view.ts";
import type { ApiParts } from "../../api/parts.ts";
import { ROLLOUT_ACTOR } from "./begin-host.ts";
import { sendTraffic } from "./send-traffic.ts";

export interface VerifyParts
  extends Pick<ApiParts, "store" | "clock" | "random" | "dispatch" | "brake"> {
  readonly readFleet: () => Promise<FleetView>;
}

interface Verified {
  readonly rollout: RolloutId;
  readonly host: HostId;
}

/** The host's checks as they are now, with their text. */
export const checkHost = async (parts: VerifyParts, host: HostId) =>
  (await diagnose(parts, parts.readFleet, { id: host, actor: ROLLOUT_ACTOR })).results;

/**
 * Looks at a host whose job is done: a short flow is sent where a VM can send one, then every check is held
 * against what it said before.
 */
export async function verifyHost(parts: VerifyParts, { rollout, host }: Verified): Promise<void> {
  const place = await parts.store.reads.rollouts.findHost(rollout, host);
  if (place?.state !== "verifying") return;
  await sendTraffic(parts, host);
  const after = await checkHost(parts, host);
  const verdict = judgeHost(place.checksBefore ?? [], after);
  const change: RolloutHostChange =
    verdict.kind === "good"
      ? { host, state: "updated", proof: verdict.proof }
      : {
          host,
          state: "failed",
          proof: verdict.found,
          failure: {
            reason: "ROLLOUT_CHECK_FAILED",
            message: `${host} is worse after the change than before it`,
            metadata: { found: verdict.found, try: `swy doctor ${host}` },
            step: undefined,
          },
        };
  await parts.store.transaction({ actor: ROLLOUT_ACTOR }, async (tx) => {
    await tx.rollouts.lock(rollout);
    // What was seen while many hosts vanished says nothing of this one: it is looked at again.
    if ((await parts.brake.find(tx)) !== undefined) return;
    const now = await tx.rollouts.findHost(rollout, host);
    if (now?.state === "verifying") await tx.rollouts.setHosts(rollout, [change]);
  });
}
