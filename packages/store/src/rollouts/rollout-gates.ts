import { assert, type GateOutcome, type RolloutId } from "@switchyard/model";
import { and, eq, ne, sql } from "drizzle-orm";
import { nextRevision } from "../connection/next-revision.ts";
import { note, type Session } from "../connection/session.ts";
import { rolloutGates, rollouts } from "../schema/tables/rollouts.ts";
import { findRollout } from "./rollout-rows.ts";

async function noteChange(
  session: Session,
  id: RolloutId,
  change: { readonly details: Readonly<Record<string, string>>; readonly isBad: boolean },
): Promise<void> {
  await session.db
    .update(rollouts)
    .set({
      revision: nextRevision,
      ...(change.isBad && { signalAt: sql`coalesce(signal_at, clock_timestamp())` }),
    })
    .where(eq(rollouts.name, id));
  const record = await findRollout(session.db, id);
  assert(record !== undefined, "gates are of a rollout that is locked");
  note(
    session,
    { kind: "rollouts", key: id, operation: "updated", record },
    { action: "rollout.gates", details: change.details },
  );
}

export async function setGate(
  session: Session,
  id: RolloutId,
  outcome: Omit<GateOutcome, "isAccepted">,
): Promise<void> {
  const { wave, position, verdict, found, experiment = null } = outcome;
  await session.db
    .insert(rolloutGates)
    .values({ rollout: id, wave, position, verdict, found, experiment })
    .onConflictDoUpdate({
      target: [rolloutGates.rollout, rolloutGates.wave, rolloutGates.position],
      set: { verdict, found, experiment },
    });
  const details = { wave: String(wave), gate: String(position + 1), verdict, found };
  await noteChange(session, id, { details, isBad: verdict === "failed" });
}

export async function acceptGates(session: Session, id: RolloutId, wave: number): Promise<void> {
  const accepted = await session.db
    .update(rolloutGates)
    .set({ isAccepted: true })
    .where(
      and(
        eq(rolloutGates.rollout, id),
        eq(rolloutGates.wave, wave),
        eq(rolloutGates.isAccepted, false),
        ne(rolloutGates.verdict, "pending"),
      ),
    )
    .returning({ position: rolloutGates.position });
  if (accepted.length === 0) return;
  const gates = accepted.map(({ position }) => position + 1).join(", ");
  await noteChange(session, id, { details: { wave: String(wave), accepted: gates }, isBad: false });
}
