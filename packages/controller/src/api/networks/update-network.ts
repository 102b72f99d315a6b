import type { NetworkId } from "@switchyard/model";
import type { NetworkSpec } from "@switchyard/proto";
import type { NetworkRecord, Transaction } from "@switchyard/store";
import { toProtoNetworkSpec } from "../convert/network-spec.ts";
import { readNetworkSpec } from "../validation/network.ts";
import { applyNetworkMask } from "../validation/network-mask.ts";
import { createViolations } from "../validation/violations.ts";
import { refuseLinted } from "./create-network.ts";

export interface NetworkChange {
  readonly id: NetworkId;
  /** Empty is not compared. */
  readonly etag: string;
  readonly wish: NetworkSpec;
  /** Known paths; empty: all of the spec. */
  readonly mask: readonly string[];
}

/**
 * Changes a network. What ports were told can't change while VMs are on it: nothing would bring it to them.
 *
 * @throws InvalidInputError FIELD_INVALID for the spec that would come out
 * @throws PlanningError LINT_FAILED
 * @throws StoreError NETWORK_NOT_FOUND, ETAG_STALE, RESOURCE_IN_USE, IP_TAKEN
 */
export async function updateNetwork(
  tx: Transaction,
  { id, etag, wish, mask }: NetworkChange,
): Promise<NetworkRecord> {
  const { spec: before, etag: present } = await tx.networks.get(id);
  const violations = createViolations();
  const wanted = applyNetworkMask(mask, { present: toProtoNetworkSpec(before), wish });
  const spec = readNetworkSpec(wanted, violations.at("network.spec"));
  violations.assertNone();
  // Of what was merged with: a change in between is seen, also by who names no etag.
  const change = { id, etag: etag === "" ? present : etag, spec: spec! }; // no violations: it was read
  await refuseLinted(tx, change);
  return tx.networks.update(change);
}
