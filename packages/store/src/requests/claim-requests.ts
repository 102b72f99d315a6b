import type { StoreError } from "@switchyard/model";
import type { Statement } from "../connection/exchange.ts";
import type { Session } from "../connection/session.ts";
import { requestIdReused } from "./once.ts";
import type { RequestKey } from "./request.ts";

/** A request of a batch, with its answer where that is known before the work: the name of what is made. */
export interface BatchedRequest extends RequestKey {
  readonly answer?: string;
}

export type RequestClaim =
  /** Nobody asked before: go on. */
  | { readonly kind: "first" }
  /** The answer is null for the twin of a request of this transaction that has none yet. */
  | { readonly kind: "repeated"; readonly answer: unknown }
  | { readonly kind: "reused"; readonly error: StoreError };

const keyOf = (request: { readonly actor: string; readonly requestId: string }): string =>
  JSON.stringify([request.actor, request.requestId]);

/** In the order of their keys, so that two batches never wait for each other in a circle. */
const CLAIM_REQUESTS = {
  name: "claim_requests",
  text: `INSERT INTO requests (actor, request_id, method, body_digest, answer)
    SELECT actor, request_id, method, body_digest, to_json(answer)
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
      AS r(actor, request_id, method, body_digest, answer)
    ORDER BY actor, request_id
    ON CONFLICT DO NOTHING
    RETURNING actor, request_id`,
};

const READ_REQUESTS = {
  name: "read_requests",
  text: `SELECT r.actor, r.request_id, r.method, r.body_digest, r.answer
    FROM requests r JOIN unnest($1::text[], $2::text[]) AS k(actor, request_id)
      ON r.actor = k.actor AND r.request_id = k.request_id`,
};

interface RequestRow {
  readonly actor: string;
  readonly request_id: string;
  readonly method: string;
  readonly body_digest: string;
  readonly answer: unknown;
}

function compare(request: BatchedRequest, first: RequestRow | undefined): RequestClaim {
  const isSame = first?.method === request.method && first.body_digest === request.bodyDigest;
  if (!isSame) return { kind: "reused", error: requestIdReused(request.requestId) };
  return { kind: "repeated", answer: first.answer };
}

/** Claims the request ids of a batch; {@link readClaims} says of which. */
export const claimStatement = (requests: readonly BatchedRequest[]): Statement => ({
  ...CLAIM_REQUESTS,
  values: [
    requests.map((request) => request.actor),
    requests.map((request) => request.requestId),
    requests.map((request) => request.method),
    requests.map((request) => request.bodyDigest),
    requests.map((request) => request.answer ?? null),
  ],
});

/** One claim per request, in order. Twins within the batch count too. @param rows that the statement gave */
export async function readClaims(
  session: Session,
  requests: readonly BatchedRequest[],
  rows: readonly Pick<RequestRow, "actor" | "request_id">[],
): Promise<readonly RequestClaim[]> {
  const unclaimed = new Set(
    rows.map((row) => keyOf({ actor: row.actor, requestId: row.request_id })),
  );
  // The first of twins in the batch is the one whose row was inserted.
  const isFirst = requests.map((request) => unclaimed.delete(keyOf(request)));
  const others = requests.filter((_request, index) => !isFirst[index]);
  const known = await readRequests(session, others);
  return requests.map((request, index) =>
    isFirst[index] ? { kind: "first" } : compare(request, known.get(keyOf(request))),
  );
}

/** Claims the request ids of a batch; one claim per request, in order. */
export async function claimRequests(
  session: Session,
  requests: readonly BatchedRequest[],
): Promise<readonly RequestClaim[]> {
  if (requests.length === 0) return [];
  const { rows } = await session.client.query<RequestRow>(claimStatement(requests));
  return readClaims(session, requests, rows);
}

async function readRequests(
  session: Session,
  requests: readonly BatchedRequest[],
): Promise<ReadonlyMap<string, RequestRow>> {
  if (requests.length === 0) return new Map();
  const { rows } = await session.client.query<RequestRow>({
    ...READ_REQUESTS,
    values: [
      requests.map((request) => request.actor),
      requests.map((request) => request.requestId),
    ],
  });
  return new Map(
    rows.map((row) => [keyOf({ actor: row.actor, requestId: row.request_id }), row] as const),
  );
}

/** Gives back request ids whose work was refused, so that a later try is a first one. */
export async function dropRequests(
  session: Session,
  requests: readonly BatchedRequest[],
): Promise<void> {
  if (requests.length === 0) return;
  await session.client.query({
    name: "drop_requests",
    text: `DELETE FROM requests r USING unnest($1::text[], $2::text[]) AS k(actor, request_id)
      WHERE r.actor = k.actor AND r.request_id = k.request_id`,
    values: [
      requests.map((request) => request.actor),
      requests.map((request) => request.requestId),
    ],
  });
}

/** Stores what requests of this transaction were answered with, before whatever is queried next. */
export function answerRequests(
  session: Session,
  answers: readonly {
    readonly request: Pick<RequestKey, "actor" | "requestId">;
    readonly answer: unknown;
  }[],
): void {
  if (answers.length === 0) return;
  session.client.defer({
    name: "answer_requests",
    text: `UPDATE requests r SET answer = k.answer::json
      FROM unnest($1::text[], $2::text[], $3::text[]) AS k(actor, request_id, answer)
      WHERE r.actor = k.actor AND r.request_id = k.request_id`,
    values: [
      answers.map(({ request }) => request.actor),
      answers.map(({ request }) => request.requestId),
      answers.map(({ answer }) => JSON.stringify(answer ?? null)),
    ],
  });
}
