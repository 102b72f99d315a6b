import {
  type Ipv4Cidr,
  type NetworkId,
  type NetworkSpec,
  PlanningError,
  withPrefix,
} from "@switchyard/model";
import { lintNetwork } from "@switchyard/planner";
import type { NetworkRecord, ProfileRecord, Transaction } from "@switchyard/store";

/** The ends of every range that profiles give to bridges of this name. */
const rangeEnds = (profiles: readonly ProfileRecord[], bridge: string): readonly Ipv4Cidr[] =>
  profiles.flatMap(({ spec }) => {
    if (spec.datapath.mode !== "vdpa") return [];
    const { name, addressRange } = spec.datapath.bridge;
    if (name !== bridge || addressRange === undefined) return [];
    const { first, last, prefixLength } = addressRange;
    return [withPrefix(first, prefixLength), withPrefix(last, prefixLength)];
  });

/** @throws PlanningError LINT_FAILED when hosts' bridges take their addresses from the network's pool */
export async function refuseLinted(
  tx: Transaction,
  draft: { readonly id: NetworkId; readonly spec: NetworkSpec },
): Promise<void> {
  const ends = rangeEnds(await tx.profiles.listAll(), draft.spec.bridge);
  const [worst] = lintNetwork(draft.spec, ends).filter(({ severity }) => severity === "error");
  if (worst === undefined) return;
  const { found, needs, fix } = worst;
  const metadata = { subject: `networks/${draft.id}`, found, needs, try: fix };
  throw new PlanningError("LINT_FAILED", worst.message, metadata);
}

/**
 * @throws PlanningError LINT_FAILED
 * @throws StoreError NAME_TAKEN, IP_TAKEN
 */
export async function createNetwork(
  tx: Transaction,
  draft: { readonly id: NetworkId; readonly spec: NetworkSpec },
): Promise<NetworkRecord> {
  await refuseLinted(tx, draft);
  return tx.networks.create(draft);
}
