import type { HostId, NetworkId, RolloutId } from "@switchyard/model";
import { done } from "../connection/outcome.ts";
import type { Database } from "../connection/session.ts";
import { createFreezeReads } from "../freeze/freeze-rows.ts";
import { createHostReads, hostNotFound } from "../hosts/host-reads.ts";
import { findHosts } from "../hosts/host-rows.ts";
import type { RecentJob } from "../jobs/job-queries.ts";
import { createJobReads } from "../jobs/job-rows.ts";
import { createNetworkReads, findNetwork, networkNotFound } from "../networks/network-rows.ts";
import { pageOf } from "../page.ts";
import { createProfileReads } from "../profiles/profile-rows.ts";
import type { RolloutHostRecord } from "../rollouts/rollout-queries.ts";
import { createRolloutReads, findRolloutHosts, rolloutNotFound } from "../rollouts/rollout-rows.ts";
import type { Reads } from "../store.ts";
import { createVmReads, listVmsOn } from "../vms/vm-rows.ts";
import { byKey, gather, gatherOne, gatherReads, readEach } from "./gather.ts";

/** The reads of which those of one turn are one statement. */
export type GatheredReads = Pick<
  Reads,
  "hosts" | "vms" | "jobs" | "profiles" | "networks" | "rollouts" | "freeze"
>;

/** @throws what `notFound` makes, of one that is not there */
const foundOr =
  <Id, Value>(find: (id: Id) => Promise<Value | undefined>, notFound: (id: Id) => Error) =>
  async (id: Id): Promise<Value> => {
    const value = await find(id);
    if (value === undefined) throw notFound(id);
    return value;
  };

function gatherHosts(db: Database): GatheredReads["hosts"] {
  const reads = createHostReads(db);
  const find = gatherReads(async (ids: readonly HostId[]) =>
    byKey(await findHosts(db, ids), ({ id }) => id),
  );
  const observedAtMs = gatherReads((ids: readonly HostId[]) => reads.listObservedAtMs(ids));
  return {
    ...reads,
    find,
    get: foundOr(find, hostNotFound),
    findObservedAtMs: async (id) => (await observedAtMs(id)) ?? reads.findObservedAtMs(id),
  };
}

function gatherVms(db: Database): GatheredReads["vms"] {
  const reads = createVmReads(db);
  const listOn = gatherReads(async (hosts: readonly HostId[]) =>
    Map.groupBy(await listVmsOn(db, hosts), ({ allocation }) => allocation.host),
  );
  return {
    ...reads,
    list: async (page) => {
      const { host, after, size } = page;
      if (host === undefined || after !== undefined) return reads.list(page);
      const all = (await listOn(host)) ?? [];
      return pageOf(all.slice(0, size + 1), { size, keyOf: (vm) => vm.id });
    },
  };
}

interface RecentOf {
  readonly hosts: readonly HostId[];
  readonly size: number;
}

function gatherJobs(db: Database): GatheredReads["jobs"] {
  const reads = createJobReads(db);
  const listRecent = gather<RecentOf, ReadonlyMap<HostId, readonly RecentJob[]>>(async (asked) => {
    const bySize = new Map<number, ReadonlyMap<HostId, readonly RecentJob[]>>();
    for (const [size, of] of Map.groupBy(asked, (each) => each.size)) {
      const hosts = [...new Set(of.flatMap((each) => each.hosts))];
      bySize.set(size, await reads.listRecent(hosts, size));
    }
    return asked.map(({ hosts, size }) =>
      done(new Map(hosts.map((host) => [host, bySize.get(size)?.get(host) ?? []]))),
    );
  });
  return { ...reads, listRecent: (hosts, size) => listRecent({ hosts, size }) };
}

interface HostOf {
  readonly rollout: RolloutId;
  readonly host: HostId;
}

function gatherRollouts(db: Database): GatheredReads["rollouts"] {
  const reads = createRolloutReads(db);
  const find = gatherReads(readEach((id: RolloutId) => reads.find(id)));
  const findHost = gather<HostOf, RolloutHostRecord | undefined>(async (asked) => {
    const known = new Map<RolloutId, ReadonlyMap<HostId, RolloutHostRecord>>();
    for (const [rollout, places] of Map.groupBy(asked, (each) => each.rollout)) {
      const ids = places.map(({ host }) => host);
      known.set(
        rollout,
        byKey(await findRolloutHosts(db, rollout, ids), ({ host }) => host),
      );
    }
    return asked.map(({ rollout, host }) => done(known.get(rollout)?.get(host)));
  });
  return {
    ...reads,
    find,
    get: foundOr(find, rolloutNotFound),
    findHost: (rollout, host) => findHost({ rollout, host }),
  };
}

function gatherNetworks(db: Database): GatheredReads["networks"] {
  const find = gatherReads(readEach((id: NetworkId) => findNetwork(db, id)));
  return {
    ...createNetworkReads(db),
    find,
    get: foundOr(find, networkNotFound),
  };
}

/** Reads that many callers make side by side; what is not gathered is read as ever. */
export function createGatheredReads(db: Database): GatheredReads {
  const profiles = createProfileReads(db);
  const freeze = createFreezeReads(db);
  return {
    hosts: gatherHosts(db),
    vms: gatherVms(db),
    jobs: gatherJobs(db),
    profiles: { ...profiles, listAll: gatherOne(() => profiles.listAll()) },
    networks: gatherNetworks(db),
    rollouts: gatherRollouts(db),
    freeze: { ...freeze, find: gatherOne(() => freeze.find()) },
  };
}
