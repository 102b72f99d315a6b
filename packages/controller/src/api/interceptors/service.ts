import {
  Metadata,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceError,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { SwitchyardError } from "@switchyard/model";
import {
  type Clock,
  formatTraceparent,
  type Logger,
  newUuid,
  parseTraceparent,
  type Random,
  type Span,
  type Tracer,
} from "@switchyard/runtime";
import { type Authenticator, authorize } from "./authentication.ts";
import type { CallContext, Caller } from "./call-context.ts";
import { createDeadlines, type Deadlines } from "./deadlines.ts";
import { errorStatus } from "./error-status.ts";
import type { RequiredRole } from "./role.ts";
import { sendAll } from "./send-all.ts";

/** Longest a unary call may take when its caller set no deadline. */
const UNARY_DEADLINE_MS = 30_000;
/** The same of one that waits for work of up to ten minutes. */
const LONG_DEADLINE_MS = 11 * 60_000;

/** Request ids of callers; another form is replaced, because the id goes into log lines. */
const CALL_ID = /^[A-Za-z0-9_-]{1,64}$/;

export interface UnaryMethod<Req, Res> {
  readonly role: RequiredRole;
  /** It waits for work that takes minutes, and bounds that itself. */
  readonly isLong?: true;
  readonly call: (request: Req, context: CallContext) => Promise<Res>;
}

export interface StreamMethod<Req, Res> {
  readonly role: RequiredRole;
  readonly stream: (request: Req, context: CallContext) => AsyncIterable<Res>;
}

/** Messages both ways, each side at its own pace. */
export interface ConverseMethod<Req, Res> {
  readonly role: RequiredRole;
  readonly converse: (requests: AsyncIterable<Req>, context: CallContext) => AsyncIterable<Res>;
}

interface MethodDefinition {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

type RequestOf<D> = D extends { requestDeserialize: (bytes: Buffer) => infer Req } ? Req : never;
type ResponseOf<D> = D extends { responseDeserialize: (bytes: Buffer) => infer Res } ? Res : never;

/** One entry per method of a generated service definition: a missing one does not compile. */
export type MethodsOf<S> = {
  readonly [M in keyof S]: S[M] extends { requestStream: true; responseStream: true }
    ? ConverseMethod<RequestOf<S[M]>, ResponseOf<S[M]>>
    : S[M] extends { responseStream: true }
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
  readonly tracer: Tracer;
  readonly onCall: (ended: EndedCall) => void;
}

/** A call as it is counted. */
export interface EndedCall {
  /** Full method name. */
  readonly method: string;
  /** gRPC's name of the outcome, such as `OK` or `NOT_FOUND`. */
  readonly code: string;
  readonly durationMs: number;
  readonly isStream: boolean;
}

type AnyCall = ServerUnaryCall<unknown, unknown> | AnyStream;

/** Every call is "cancelled" at its end; made once, because an abort without a reason makes two errors. */
const CALL_OVER = new Error("the call is over");

interface OpenCall {
  readonly context: Omit<CallContext, "caller">;
  /** Tells the caller the call's id; with the answer it costs no packet of its own. */
  readonly sendHeaders: () => void;
  /** Writes the log line of the call's end. */
  readonly end: (error: unknown) => void;
}

function openCall(
  edge: ServiceEdge,
  call: AnyCall,
  { method, isStream }: Pick<EndedCall, "method" | "isStream">,
): OpenCall {
  const [asked] = call.metadata.get("x-request-id");
  const [traceparent] = call.metadata.get("traceparent");
  const span = edge.tracer.start(method, {
    parent: parseTraceparent(traceparent),
    kind: "server",
    attributes: { "rpc.system": "grpc", "rpc.method": method },
  });
  const { traceId } = span.context;
  const callId =
    typeof asked === "string" && CALL_ID.test(asked) ? asked : newUuid(edge.clock, edge.random);
  const cancelled = new AbortController();
  (call as ServerUnaryCall<unknown, unknown>).on("cancelled", () => cancelled.abort(CALL_OVER));
  const sendHeaders = () => {
    const headers = new Metadata();
    headers.set("x-request-id", callId);
    call.sendMetadata(headers);
  };
  span.set({ "switchyard.request": callId });
  const log = edge.log.child({ callId, method, traceId });
  const startMs = edge.clock.monotonicMs();
  const context = {
    ...{ method, callId, log },
    traceparent: formatTraceparent(span.context),
    signal: cancelled.signal,
  };
  const end = (error: unknown) => {
    const durationMs = edge.clock.monotonicMs() - startMs;
    logEnd(log, durationMs, error);
    endSpan(span, error, context.signal);
    edge.onCall({ method, code: codeOf(error, context.signal), durationMs, isStream });
  };
  return { context, sendHeaders, end };
}

function admit(edge: ServiceEdge, call: AnyCall, role: RequiredRole): Caller {
  const caller = edge.authenticator.identify(call.metadata);
  authorize(caller, role);
  return caller;
}

/** Whoever cancelled has no answer, whatever came of the call. */
function codeOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return "CANCELLED";
  if (error === undefined) return "OK";
  return error instanceof SwitchyardError ? error.code : "INTERNAL";
}

function endSpan(span: Span, error: unknown, signal: AbortSignal): void {
  if (error !== undefined && !signal.aborted) {
    const reason = error instanceof SwitchyardError ? error.reason : "INTERNAL";
    span.fail(reason, error instanceof Error ? error.message : String(error));
  }
  span.end();
}

function logEnd(log: Logger, durationMs: number, error: unknown): void {
  const fields = { durationMs: Math.round(durationMs) };
  if (error === undefined) log.debug(fields, "call answered");
  else if (error instanceof SwitchyardError && error.code !== "INTERNAL") {
    log.info({ ...fields, reason: error.reason, metadata: error.metadata }, error.message);
  } else log.error({ ...fields, err: error }, "call failed");
}

/** Bounds on unary calls, by how long they may be. */
interface UnaryBounds {
  readonly short: Deadlines;
  readonly long: Deadlines;
}

function unaryHandler(
  { edge, bounds }: { readonly edge: ServiceEdge; readonly bounds: UnaryBounds },
  name: string,
  method: UnaryMethod<unknown, unknown>,
) {
  return (call: ServerUnaryCall<unknown, unknown>, callback: sendUnaryData<unknown>): void => {
    const { context, sendHeaders, end } = openCall(edge, call, {
      method: name,
      isStream: false,
    });
    const answer = async (): Promise<unknown> => {
      const caller = admit(edge, call, method.role);
      const deadlines = method.isLong === true ? bounds.long : bounds.short;
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

type AnyStream = ServerWritableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>;

interface SendingMethod<Call extends AnyStream> {
  readonly role: RequiredRole;
  readonly messages: (call: Call, context: CallContext) => AsyncIterable<unknown>;
}

function streamHandler<Call extends AnyStream>(
  edge: ServiceEdge,
  name: string,
  method: SendingMethod<Call>,
) {
  return (call: Call): void => {
    const { context, sendHeaders, end } = openCall(edge, call, {
      method: name,
      isStream: true,
    });
    sendHeaders();
    const send = async (): Promise<void> => {
      const caller = admit(edge, call, method.role);
      const signal = AbortSignal.any([context.signal, edge.stopping]);
      const messages = method.messages(call, { ...context, caller, signal });
      await sendAll(call as ServerWritableStream<unknown, unknown>, messages, {
        signal,
        clock: edge.clock,
      });
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
  const bounds: UnaryBounds = {
    short: createDeadlines(edge.clock, UNARY_DEADLINE_MS),
    long: createDeadlines(edge.clock, LONG_DEADLINE_MS),
  };
  const table = methods as Readonly<Record<string, AnyMethod>>;
  return Object.fromEntries(
    Object.entries(definition).map(([key, { path }]) => {
      const method = table[key]!; // MethodsOf has an entry for every key of the definition
      const name = path.slice(1);
      return [key, handlerOf({ edge, bounds }, name, method)];
    }),
  );
}

type AnyMethod =
  | UnaryMethod<unknown, unknown>
  | StreamMethod<unknown, unknown>
  | ConverseMethod<unknown, unknown>;

function handlerOf(
  around: { readonly edge: ServiceEdge; readonly bounds: UnaryBounds },
  name: string,
  method: AnyMethod,
) {
  const { edge } = around;
  const { role } = method;
  if ("call" in method) return unaryHandler(around, name, method);
  if ("stream" in method) {
    return streamHandler<ServerWritableStream<unknown, unknown>>(edge, name, {
      role,
      messages: (call, context) => method.stream(call.request, context),
    });
  }
  return streamHandler<ServerDuplexStream<unknown, unknown>>(edge, name, {
    role,
    messages: (call, context) => method.converse(call, context),
  });
}
