import type { Examination, HostId, Inventory, OffloadProof } from "@switchyard/model";
import type { HostRecord, ProfileRecord } from "@switchyard/store";
import type { ApiParts } from "../parts.ts";
import { matchingProfiles } from "../plans/select-profile.ts";

/** A share older than this is no longer what happens. */
const SHARE_AGE_MS_MAX = 120_000;

/** How it stands with hardware offload on a host; what is undefined is not known. */
export interface HostOffloadFacts {
  readonly host: HostRecord;
  readonly wanted: boolean | undefined;
  readonly proof: OffloadProof | undefined;
  readonly share: { readonly value: number; readonly atMs: number } | undefined;
}

/** A live look, with the inventory that it belongs to. */
export interface OffloadLookFacts {
  readonly examination: Examination;
  readonly inventory: Inventory;
}

/** What the one profile that chooses the host wishes; undefined where it wishes no vDPA datapath. */
export function wantedOffload(
  host: Pick<HostRecord, "labels">,
  profiles: readonly ProfileRecord[],
): boolean | undefined {
  const [profile, ...others] = matchingProfiles(host.labels, profiles);
  const datapath = profile?.spec.datapath;
  return others.length > 0 || datapath?.mode !== "vdpa" ? undefined : datapath.hwOffload;
}

type Parts = Pick<ApiParts, "store" | "clock">;

/** The newest share of each host, or of one of them. */
async function readShares({ store, clock }: Parts, host?: HostId) {
  const samples = await store.telemetry.latest({ metric: "offload.hardware_share", host });
  const oldestMs = clock.nowMs() - SHARE_AGE_MS_MAX;
  return new Map(
    samples
      .filter(({ atMs }) => atMs >= oldestMs)
      .map((sample) => [sample.host, { value: sample.value, atMs: sample.atMs }] as const),
  );
}

/** What is known of these hosts, in their order. A proof counts only while offload is enabled. */
export async function gatherOffloads(
  parts: Parts,
  hosts: readonly HostRecord[],
  examination?: Examination,
): Promise<readonly HostOffloadFacts[]> {
  const profiles = await parts.store.reads.profiles.listAll();
  const shares = await readShares(parts, hosts.length === 1 ? hosts[0]?.id : undefined);
  return hosts.map((host) => {
    const isEnabled = host.inventory?.ovs?.hwOffload === true;
    const proof = examination?.offloadProof ?? host.inventory?.offloadProof;
    return {
      host,
      wanted: wantedOffload(host, profiles),
      proof: isEnabled ? proof : undefined,
      share: shares.get(host.id),
    };
  });
}
