import type { HostId, ProfileId } from "@switchyard/model";
import { diffHost, planHost } from "@switchyard/planner";
import type { DiffProfileResponse, HostDiff } from "@switchyard/proto";
import type { ProfileRecord, Transaction } from "@switchyard/store";
import { toProtoFinding } from "../convert/finding.ts";
import type { ApiParts } from "../parts.ts";
import { hostName } from "../validation/names.ts";
import { desireProfile } from "./host-desired.ts";

/** Hosts compared by one call; past it the call would outlast its deadline. */
const HOSTS_MAX = 1000;

async function diffOne(
  parts: ApiParts,
  tx: Transaction,
  which: { readonly profile: ProfileRecord; readonly host: HostId },
): Promise<HostDiff> {
  const host = await tx.hosts.get(which.host);
  const { inventory } = host;
  const name = hostName.format(host.id);
  if (inventory === undefined) {
    const fields = [{ field: "inventory", observed: "absent", desired: "present" }];
    return { host: name, fields, findings: [] };
  }
  const { random } = parts;
  const desired = await desireProfile({ tx, random, host, inventory }, which.profile);
  return {
    host: name,
    fields: diffHost(desired, inventory).map((field) => ({ ...field })),
    findings: planHost(desired, inventory).findings.map(toProtoFinding),
  };
}

/**
 * Desired against observed for every host the profile matches. What would have to be reserved is reserved
 * in a transaction that is rolled back.
 *
 * @throws StoreError PROFILE_NOT_FOUND
 */
export function diffProfile(
  parts: ApiParts,
  which: { readonly id: ProfileId; readonly actor: string },
): Promise<DiffProfileResponse> {
  return parts.store.transaction({ actor: which.actor, isDryRun: true }, async (tx) => {
    const profile = await tx.profiles.get(which.id);
    const matched = await tx.hosts.listMatching(profile.spec.selector);
    const hosts: HostDiff[] = [];
    for (const host of matched.slice(0, HOSTS_MAX)) {
      hosts.push(await diffOne(parts, tx, { profile, host }));
    }
    return { hosts };
  });
}
