import { type HostId, SwitchyardError, type VmSpec } from "@switchyard/model";
import type { ExperimentRecord, Store } from "@switchyard/store";
import { pairOf } from "../../api/experiments/pair.ts";
import { failureOf } from "../../api/jobs/failure-of.ts";
import type { VmDraft } from "../../placement/plan-drafts.ts";
import { restore } from "./advance.ts";
import { EXPERIMENT_ACTOR, type ExperimentParts } from "./parts.ts";

/** The VMs are alike in every mode but for what their NIC is. */
function specOf({ id, spec, modeOrder, modeIndex }: ExperimentRecord): VmSpec {
  const { vcpuCount, memoryBytes, queuePairs } = spec.vm;
  const isVf = modeOrder[modeIndex] === "sriov";
  return {
    ...{ vcpuCount, memoryBytes },
    boot: { kind: "image", image: spec.image },
    nics: [
      {
        network: spec.network,
        kind: isVf ? "sriov" : "vdpa",
        queuePairs: isVf ? 0 : queuePairs,
      },
    ],
    hostSelector: {},
    hasGuestAgent: true,
    labels: { experiment: id },
  };
}

const draftsOf = (experiment: ExperimentRecord): readonly VmDraft[] =>
  pairOf(experiment).map(({ vm, host }) => ({
    id: vm,
    spec: specOf(experiment),
    pin: { experiment: experiment.id, host },
  }));

/** A controller that died had placed them; the next look sees them. */
const isThere = ({ reason }: SwitchyardError): boolean => reason === "NAME_TAKEN";
const PASSING: readonly SwitchyardError["reason"][] = [
  "DATABASE_UNAVAILABLE",
  "PLACEMENT_CONTENDED",
];

/** Whether the agent has looked at the host since the last job that changed it: a VM is placed on what was seen. */
async function isLookedAt({ reads }: PairStore, host: HostId): Promise<boolean> {
  const { isUnderWay, lastAtMs = 0 } = await reads.jobs.readHostChange(host);
  return !isUnderWay && ((await reads.hosts.findObservedAtMs(host)) ?? 0) >= lastAtMs;
}

interface PairStore extends Pick<Store, "transaction"> {
  readonly reads: {
    readonly jobs: Pick<Store["reads"]["jobs"], "readHostChange">;
    readonly hosts: Pick<Store["reads"]["hosts"], "findObservedAtMs">;
  };
}

export interface PairParts extends Pick<ExperimentParts, "clock" | "holder"> {
  readonly store: PairStore;
  readonly placer: Pick<ExperimentParts["placer"], "place">;
}

/**
 * Places the pair, each VM on its host, and starts both. Nothing is done while a host's new mode was not seen yet: the
 * next look at the experiment asks again, until its time to start is over.
 */
export async function placePair(parts: PairParts, experiment: ExperimentRecord): Promise<void> {
  for (const { host } of pairOf(experiment)) {
    if (!(await isLookedAt(parts.store, host))) return;
  }
  try {
    await parts.placer.place({
      actor: EXPERIMENT_ACTOR,
      requestId: experiment.id,
      traceparent: experiment.traceparent,
      request: undefined,
      drafts: draftsOf(experiment),
      isPartial: false,
      answerOf: () => null,
    });
  } catch (error) {
    if (!(error instanceof SwitchyardError)) throw error;
    if (isThere(error) || PASSING.includes(error.reason)) return;
    await parts.store.transaction({ actor: EXPERIMENT_ACTOR }, async (tx) => {
      const now = await tx.experiments.lockHeld(experiment.id, parts.holder);
      if (now?.state !== "starting") return;
      const failure = failureOf(error);
      await restore(tx, now, { outcome: "failed", failure, nowMs: parts.clock.nowMs() });
    });
  }
}
