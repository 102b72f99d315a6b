import type { HostId, RolloutId } from "@switchyard/model";
import { diagnoseHost, type HostVerdict, judgeHost } from "@switchyard/planner";
import type { CheckBefore, RolloutHostChange, Transaction } from "@switchyard/store";
import type { Look } from "../../api/diagnosis/examine.ts";
import type { FleetView } from "../../api/diagnosis/fleet-view.ts";
import { gatherHostFacts } from "../../api/diagnosis/host-facts.ts";
import type { ApiParts } from "../../api/parts.ts";
import { ROLLOUT_ACTOR } from "./begin-host.ts";

export interface VerifyParts
  extends Pick<ApiParts, "store" | "clock" | "random" | "dispatch" | "brake"> {
  readonly readFleet: () => Promise<FleetView>;
}

/** A host whose job is done, with what its agent saw since. */
export interface Changed {
  readonly rollout: RolloutId;
  readonly host: HostId;
  readonly checksBefore: readonly CheckBefore[];
  readonly look: Omit<Look, "host">;
}

interface Judged {
  readonly rollout: RolloutId;
  readonly change: RolloutHostChange;
}

function changeOf(host: HostId, verdict: HostVerdict): RolloutHostChange {
  if (verdict.kind === "good") return { host, state: "updated", proof: verdict.proof };
  return {
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
}

/** Every check is held against what it said before. */
async function judge(
  parts: VerifyParts,
  tx: Transaction,
  { changed, fleet }: { readonly changed: Changed; readonly fleet: FleetView },
): Promise<Judged> {
  const { rollout, host: id, checksBefore } = changed;
  const look = { ...changed.look, host: await tx.hosts.get(id) };
  const after = diagnoseHost(await gatherHostFacts(parts, tx, { look, fleet }));
  return { rollout, change: changeOf(id, judgeHost(checksBefore, after)) };
}

/** Notes what was found of one rollout's hosts; one that the rollout went on without is left as it is. */
async function note(
  parts: VerifyParts,
  rollout: RolloutId,
  changes: readonly RolloutHostChange[],
): Promise<void> {
  await parts.store.transaction({ actor: ROLLOUT_ACTOR }, async (tx) => {
    await tx.rollouts.lock(rollout);
    // What was seen while many hosts vanished says nothing of these: they are looked at again.
    if ((await parts.brake.find(tx)) !== undefined) return;
    const hosts = changes.map(({ host }) => host);
    const places = await tx.rollouts.findHosts(rollout, hosts);
    const verifying = new Set(
      places.filter(({ state }) => state === "verifying").map(({ host }) => host),
    );
    await tx.rollouts.setHosts(
      rollout,
      changes.filter(({ host }) => verifying.has(host)),
    );
  });
}

/** Judges hosts by what their agents saw after the change. @throws the first trouble, once all others are noted */
export async function verifyHosts(parts: VerifyParts, hosts: readonly Changed[]): Promise<void> {
  const fleet = await parts.readFleet();
  const results = await parts.store.transactions(
    { actor: ROLLOUT_ACTOR, isDryRun: true },
    hosts,
    (tx, changed) => judge(parts, tx, { changed, fleet }),
  );
  const judged = results.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  for (const rollout of new Set(judged.map((each) => each.rollout))) {
    const own = judged.filter((each) => each.rollout === rollout);
    await note(
      parts,
      rollout,
      own.map(({ change }) => change),
    );
  }
  const failed = results.find((each) => each.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
