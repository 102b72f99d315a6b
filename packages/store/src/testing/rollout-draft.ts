import { type HostId, type ProfileId, parseRolloutId } from "@switchyard/model";
import type { RolloutDraft } from "../rollouts/rollout-queries.ts";

/** A rollout of profiles as they are at generation 1, all of its hosts in the canary. */
export const rolloutDraft = (
  name: string,
  hostsOf: ReadonlyMap<ProfileId, readonly HostId[]>,
): RolloutDraft => ({
  id: parseRolloutId(name),
  spec: {
    ...{ profiles: [...hostsOf.keys()], selector: {}, change: {} },
    strategy: {
      ...{ canaryCount: 1, waveCount: 1, soakMs: 30_000, failureBudget: 0 },
      ...{ isRolledBackOnHalt: false, vmPolicy: "refuse" },
      maxUnavailable: { kind: "count", count: 4 },
    },
  },
  waveCount: 1,
  profiles: [...hostsOf].map(([profile, hosts]) => ({
    ...{ profile, beforeGeneration: 1, targetGeneration: 1, provenGeneration: undefined },
    ...{ changes: [], waveHostCounts: [hosts.length], outsideHostCount: 0, outsideHosts: [] },
  })),
  hostsWithoutProfile: 0,
  places: [...hostsOf].flatMap(([profile, hosts]) =>
    hosts.map((host) => ({ host, profile, wave: 1, hardwareClass: "x" })),
  ),
});
