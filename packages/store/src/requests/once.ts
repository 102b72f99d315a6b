import { StoreError } from "@switchyard/model";
import { and, eq } from "drizzle-orm";
import type { Session } from "../connection/session.ts";
import { requests } from "../schema/tables/logs.ts";
import type { RequestKey } from "./request.ts";

export const requestIdReused = (requestId: string): StoreError =>
  new StoreError("REQUEST_ID_REUSED", `request id ${requestId} was used with another body`, {
    found: requestId,
    try: "use a new request id for a new request",
  });

/**
 * Runs `work` unless the request was answered before. A concurrent twin waits at the insert until this
 * transaction ends, and then finds the answer, or, after a rollback, its turn.
 */
export async function once<T>(
  session: Session,
  request: Omit<RequestKey, "actor"> | undefined,
  work: () => Promise<T>,
): Promise<T> {
  if (request === undefined) return work();
  const { db, actor } = session;
  const { requestId, method, bodyDigest } = request;
  const key = and(eq(requests.actor, actor), eq(requests.requestId, requestId));
  const inserted = await db
    .insert(requests)
    .values({ actor, requestId, method, bodyDigest })
    .onConflictDoNothing()
    .returning({ requestId: requests.requestId });
  if (inserted.length === 0) {
    const [first] = await db.select().from(requests).where(key);
    if (first?.method !== method || first.bodyDigest !== bodyDigest) {
      throw requestIdReused(requestId);
    }
    // Stored by this function for the same method, so it has that method's type.
    return first.answer as T;
  }
  const answer = await work();
  await db
    .update(requests)
    .set({ answer: answer ?? null })
    .where(key);
  return answer;
}
