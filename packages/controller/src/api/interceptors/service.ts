import {
  Metadata,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceError,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { SwitchyardError } from "@switchyard/model";
import { type Clock, type Logger, newUuid, type Random } from "@switchyard/runtime";
import { type Authenticator, authorize } from "./authentication.ts";
import type { CallContext, Caller } from "./call-context.ts";
import { createDeadlines, type Deadlines } from "./deadlines.ts";
import { errorStatus } from "./error-status.ts";
import type { RequiredRole } from "./role.ts";
import { sendAll } from "./send-all.ts";

/** Longest a unary call may take when its caller set no deadline. */
const UNARY_DEADLINE_MS = 30_000;

/** Request ids of callers; another form is replaced, because the id goes into log lines. */
const CALL_ID = /^[A-Za-z0-9_-]{1,64}$/;

export interface UnaryMethod<Req, Res> {
  readonly role: RequiredRole;
  readonly call: (request: Req, context: CallContext) => Promise<Res>;
}

export interface StreamMethod<Req, Res> {
  readonly role: RequiredRole;
  readonly stream: (request: Req, context: CallContext) => AsyncIterable<Res>;
}

interface MethodDefinition {
  readonly path: string;
  readonly responseStream: boolean;
}

type RequestOf<D> = D extends { requestDeserialize: (bytes: Buffer) => infer Req } ? Req : never;
type ResponseOf<D> = D extends { responseDeserialize: (bytes: Buffer) => infer Res } ? Res : never;

/** One entry per method of a generated service definition: a missing one does not compile. */
export type MethodsOf<S> = {
  readonly [M in keyof S]: S[M] extends { responseStream: true }
    ? StreamMethod<RequestOf<S[M]>, ResponseOf<S[M]>>
    : UnaryMethod<RequestOf<S[M]>, ResponseOf<S[M]>>;
};

/** What surrounds every method. */
export interface ServiceEdge {
  readonly authenticator: Authenticator;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Aborts when the server is about to stop: streams then end in order, and their readers go elsewhere. */
  readonly stopping: AbortSignal;
}

type AnyCall = ServerUnaryCall<unknown, unknown> | ServerWritableStream<unknown, unknown>;

/** Every call is "cancelled" at its end; made once, because an abort without a reason makes two errors. */
const CALL_OVER = new Error("the call is over");

interface OpenCall {
  readonly context: Omit<CallContext, "caller">;
  /** Tells the caller the call's id; with the answer it costs no packet of its own. */
  readonly sendHeaders: () => void;
  /** Writes the log line of the call's end. */
  readonly end: (error: unknown) => void;
}

function openCall(edge: ServiceEdge, call: AnyCall, method: string): OpenCall {
  const [asked] = call.metadata.get("x-request-id");
  const callId =
    typeof asked === "string" && CALL_ID.test(asked) ? asked : newUuid(edge.clock, edge.random);
  const cancelled = new AbortController();
  call.on("cancelled", () => cancelled.abort(CALL_OVER));
  const sendHeaders = () => {
    const headers = new Metadata();
    headers.set("x-request-id", callId);
    call.sendMetadata(headers);
  };
  const log = edge.log.child({ callId, method });
  const startMs = edge.clock.monotonicMs();
  const context = { method, callId, signal: cancelled.signal, log };
  const end = (error: unknown) => logEnd(log, edge.clock.monotonicMs() - startMs, error);
  return { context, sendHeaders, end };
}

function admit(edge: ServiceEdge, call: AnyCall, role: RequiredRole): Caller {
  const caller = edge.authenticator.identify(call.metadata);
  authorize(caller, role);
  return caller;
}

function logEnd(log: Logger, durationMs: number, error: unknown): void {
  const fields = { durationMs: Math.round(durationMs) };
  if (error === undefined) log.debug(fields, "call answered");
  else if (error instanceof SwitchyardError && error.code !== "INTERNAL") {
    log.info({ ...fields, reason: error.reason, metadata: error.metadata }, error.message);
  } else log.error({ ...fields, err: error }, "call failed");
}

function unaryHandler(
  { edge, deadlines }: { readonly edge: ServiceEdge; readonly deadlines: Deadlines },
  name: string,
  method: UnaryMethod<unknown, unknown>,
) {
  return (call: ServerUnaryCall<unknown, unknown>, callback: sendUnaryData<unknown>): void => {
    const { context, sendHeaders, end } = openCall(edge, call, name);
    const answer = async (): Promise<unknown> => {
      const caller = admit(edge, call, method.role);
      return deadlines.within(method.call(call.request, { ...context, caller }));
    };
    answer().then(
      (response) => {
        end(undefined);
        sendHeaders();
        callback(null, response);
      },
      (error: unknown) => {
        end(error);
        sendHeaders();
        callback(errorStatus(error, context.callId));
      },
    );
  };
}

function streamHandler(edge: ServiceEdge, name: string, method: StreamMethod<unknown, unknown>) {
  return (call: ServerWritableStream<unknown, unknown>): void => {
    const { context, sendHeaders, end } = openCall(edge, call, name);
    sendHeaders();
    const send = async (): Promise<void> => {
      const caller = admit(edge, call, method.role);
      const signal = AbortSignal.any([context.signal, edge.stopping]);
      const messages = method.stream(call.request, { ...context, caller, signal });
      await sendAll(call, messages, { signal, clock: edge.clock });
    };
    send().then(
      () => {
        end(undefined);
        call.end();
      },
      (error: unknown) => {
        end(error);
        call.emit("error", errorStatus(error, context.callId) as ServiceError);
      },
    );
  };
}

/**
 * Handlers for grpc-js: identity and role, call id, deadline, back-pressure, log, and the one place where
 * an error becomes a gRPC status.
 */
export function createHandlers<S extends Readonly<Record<string, MethodDefinition>>>(
  edge: ServiceEdge,
  definition: S,
  methods: MethodsOf<S>,
): UntypedServiceImplementation {
  const deadlines = createDeadlines(edge.clock, UNARY_DEADLINE_MS);
  const table = methods as Readonly<
    Record<string, UnaryMethod<unknown, unknown> | StreamMethod<unknown, unknown>>
  >;
  return Object.fromEntries(
    Object.entries(definition).map(([key, { path }]) => {
      const method = table[key]!; // MethodsOf has an entry for every key of the definition
      const name = path.slice(1);
      return [
        key,
        "call" in method
          ? unaryHandler({ edge, deadlines }, name, method)
          : streamHandler(edge, name, method),
      ];
    }),
  );
}
