import { Fleet, type FleetServiceService, UnfreezeFleetRequest } from "@switchyard/proto";
import type { Reads } from "@switchyard/store";
import { toProtoFleet } from "../convert/fleet.ts";
import type { MethodsOf } from "../interceptors/service.ts";
import type { ApiParts } from "../parts.ts";
import { checkRequestId, checkText } from "../validation/fields.ts";
import { createViolations } from "../validation/violations.ts";
import { changing } from "./methods.ts";

const REASON_LENGTH_MAX = 500;

function readUnfreeze({ reason, requestId }: UnfreezeFleetRequest): string {
  const violations = createViolations();
  checkRequestId(requestId, violations);
  checkText(violations, "reason", reason, REASON_LENGTH_MAX);
  violations.assertNone();
  return reason;
}

export function createFleetService(parts: ApiParts): MethodsOf<typeof FleetServiceService> {
  const read = async (reads: Pick<Reads, "freeze">): Promise<Fleet> => {
    const fleet = await reads.freeze.getFleet();
    // An agent tells of its host where that changed, or where it is asked.
    for (const host of fleet.unreportedHosts) parts.dispatch.inspect(host);
    return toProtoFleet(fleet, await parts.brake.find(reads));
  };
  return {
    getFleet: { role: "viewer", call: () => read(parts.store.reads) },
    unfreezeFleet: changing(parts, {
      takes: UnfreezeFleetRequest,
      gives: Fleet,
      read: readUnfreeze,
      work: async (tx, reason) => {
        await tx.freeze.lift(reason);
        return read(tx);
      },
    }),
  };
}
