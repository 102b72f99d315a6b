import type { CheckResult, HostCheckId, HostId } from "@switchyard/model";
import { diagnoseHost, type HostFacts } from "@switchyard/planner";
import type { HostRecord } from "@switchyard/store";
import type { ApiParts } from "../parts.ts";
import { lookAtHost } from "./examine.ts";
import type { FleetView } from "./fleet-view.ts";
import { gatherHostFacts } from "./host-facts.ts";

export interface Diagnosed {
  readonly host: HostRecord;
  readonly facts: HostFacts;
  readonly results: readonly CheckResult<HostCheckId>[];
}

/** What all checks find on the host now. @throws StoreError HOST_NOT_FOUND */
export async function diagnose(
  parts: Pick<ApiParts, "store" | "dispatch" | "clock" | "random">,
  readFleet: () => Promise<FleetView>,
  which: { readonly id: HostId; readonly actor: string },
): Promise<Diagnosed> {
  const look = await lookAtHost(parts, which.id);
  const fleet = await readFleet();
  const facts = await parts.store.transaction({ actor: which.actor, isDryRun: true }, (tx) =>
    gatherHostFacts(parts, tx, { look, fleet }),
  );
  return { host: look.host, facts, results: diagnoseHost(facts) };
}
