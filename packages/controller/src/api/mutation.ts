import { digestOf } from "@switchyard/model";
import type { Transaction } from "@switchyard/store";
import type { CallContext } from "./interceptors/call-context.ts";
import type { ApiParts } from "./parts.ts";

/** JSON form of a message, as ts-proto makes it. */
export interface JsonForm<T> {
  toJSON(message: T): unknown;
  fromJSON(json: unknown): T;
}

export interface ChangingRequest {
  readonly requestId: string;
  readonly validateOnly?: boolean;
}

export interface Mutation<Req, Res> {
  readonly context: CallContext;
  readonly request: Req;
  readonly requestType: JsonForm<Req>;
  readonly responseType: JsonForm<Res>;
  /** Runs again when the database asks for it, so it has no effect outside the transaction. */
  readonly work: (tx: Transaction) => Promise<Res>;
}

/** What makes a repeat of the call known; undefined where the caller sent no id or only rehearses. */
export function requestKeyOf<Req extends ChangingRequest>({
  context,
  request,
  requestType,
}: Pick<Mutation<Req, never>, "context" | "request" | "requestType">) {
  const { requestId } = request;
  if (requestId === "" || request.validateOnly === true) return undefined;
  const bodyDigest = digestOf(requestType.toJSON({ ...request, requestId: "" }));
  return { method: context.method, requestId, bodyDigest };
}

/**
 * Runs a changing call: in one transaction, once per request id, or as a rehearsal that is rolled back
 * when the caller only wants it validated.
 *
 * @throws StoreError REQUEST_ID_REUSED
 */
export async function mutate<Req extends ChangingRequest, Res>(
  parts: ApiParts,
  mutation: Mutation<Req, Res>,
): Promise<Res> {
  const { context, request, requestType, responseType, work } = mutation;
  const isDryRun = request.validateOnly === true;
  const once = requestKeyOf({ context, request, requestType });
  const writeContext = {
    actor: context.caller.name,
    requestId: request.requestId === "" ? context.callId : request.requestId,
    traceparent: context.traceparent,
    isDryRun,
  };
  const answer = await parts.store.transaction(writeContext, (tx) =>
    tx.once(once, async () => responseType.toJSON(await work(tx))),
  );
  if (!isDryRun) {
    parts.changes.wake();
    parts.events.wake();
    parts.dispatch.wake();
  }
  return responseType.fromJSON(answer);
}
