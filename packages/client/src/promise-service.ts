import { once } from "node:events";
import { type Client, Metadata, type ServiceError } from "@grpc/grpc-js";
import { ApiError } from "./api-error.ts";
import { type CallTrace, type TraceCall, traceOf } from "./call-trace.ts";
import type { Timing } from "./timing.ts";

interface MethodDefinition<Request, Response> {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly requestSerialize: (value: Request) => Buffer;
  readonly requestDeserialize: (value: Buffer) => Request;
  readonly responseDeserialize: (value: Buffer) => Response;
}

/** A service as ts-proto generates it: one definition per method. */
export type ServiceDefinition = Readonly<Record<string, MethodDefinition<never, unknown>>>;

export interface CallOptions {
  /** Bound on the call; unary calls have a default, streams none. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * One method: takes the request's fields that differ from their defaults, or the requests as they come, where it
 * streams both ways.
 */
export type PromiseMethod<Method> = Method extends {
  readonly requestStream: true;
  readonly requestSerialize: (value: infer Request) => Buffer;
  readonly responseDeserialize: (value: Buffer) => infer Response;
}
  ? (requests: AsyncIterable<Request>, options?: CallOptions) => AsyncIterable<Response>
  : SingleRequestMethod<Method>;

type SingleRequestMethod<Method> = Method extends {
  readonly responseStream: infer IsStream;
  readonly requestSerialize: (value: infer Request) => Buffer;
  readonly responseDeserialize: (value: Buffer) => infer Response;
}
  ? (
      request: Partial<Request>,
      options?: CallOptions,
    ) => IsStream extends true ? AsyncIterable<Response> : Promise<Response>
  : never;

/** A service whose unary methods return promises and whose streams are async iterables. */
export type PromiseService<Definition> = {
  readonly [Name in keyof Definition]: PromiseMethod<Definition[Name]>;
};

export interface ChannelOptions {
  readonly token: string | undefined;
  readonly timeoutMs: number;
  readonly timing: Timing;
  readonly trace?: TraceCall | undefined;
}

const NOTHING = Buffer.alloc(0);

/** Turns a generated service definition into methods on the channel. */
export function promiseService<Definition extends object>(
  channel: Client,
  definition: Definition,
  options: ChannelOptions,
): PromiseService<Definition> {
  const methods = Object.entries(definition as unknown as ServiceDefinition).map(
    ([name, method]) => {
      const typed = method as unknown as MethodDefinition<object, unknown>;
      const converse = (requests: object, callOptions?: CallOptions) =>
        converseCall(channel, typed, {
          requests: requests as AsyncIterable<object>,
          ...{ callOptions, options },
        });
      if (typed.requestStream) return [name, converse];
      const call = typed.responseStream
        ? (request: object, callOptions?: CallOptions) =>
            streamCall(channel, typed, { request, callOptions, options })
        : (request: object, callOptions?: CallOptions) =>
            unaryCall(channel, typed, { request, callOptions, options });
      return [name, call];
    },
  );
  return Object.fromEntries(methods) as PromiseService<Definition>;
}

interface Call {
  readonly request: object;
  readonly callOptions: CallOptions | undefined;
  readonly options: ChannelOptions;
}

/** Fields the caller left out get their proto defaults. */
const complete = (method: MethodDefinition<object, unknown>, request: object): object => ({
  ...method.requestDeserialize(NOTHING),
  ...request,
});

function metadataOf(options: ChannelOptions, trace: CallTrace): Metadata {
  const metadata = new Metadata();
  if (trace.traceparent !== "") metadata.set("traceparent", trace.traceparent);
  if (options.token !== undefined) metadata.set("authorization", `Bearer ${options.token}`);
  return metadata;
}

function cancelOn(signal: AbortSignal | undefined, call: { cancel(): void }): void {
  if (signal?.aborted) call.cancel();
  else signal?.addEventListener("abort", () => call.cancel(), { once: true });
}

function unaryCall(
  channel: Client,
  method: MethodDefinition<object, unknown>,
  { request, callOptions, options }: Call,
): Promise<unknown> {
  const trace = traceOf(options.trace, method.path);
  return new Promise((resolve, reject) => {
    const call = channel.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      complete(method, request),
      metadataOf(options, trace),
      { deadline: options.timing.nowMs() + (callOptions?.timeoutMs ?? options.timeoutMs) },
      (error, response) => {
        const failure = error === null ? undefined : new ApiError(error);
        trace.end(failure);
        if (failure === undefined) resolve(response);
        else reject(failure);
      },
    );
    cancelOn(callOptions?.signal, call);
  });
}

async function* streamCall(
  channel: Client,
  method: MethodDefinition<object, unknown>,
  { request, callOptions, options }: Call,
): AsyncGenerator<unknown> {
  const deadline =
    callOptions?.timeoutMs === undefined
      ? {}
      : { deadline: options.timing.nowMs() + callOptions.timeoutMs };
  const trace = traceOf(options.trace, method.path);
  const call = channel.makeServerStreamRequest(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
    complete(method, request),
    metadataOf(options, trace),
    deadline,
  );
  let failure: ApiError | undefined;
  cancelOn(callOptions?.signal, call);
  try {
    yield* call;
  } catch (error) {
    if (callOptions?.signal?.aborted) return;
    failure = new ApiError(error as ServiceError);
    throw failure;
  } finally {
    trace.end(failure);
    call.cancel();
  }
}

/** Sends requests at the pace the server takes them, while it yields the answers. */
async function* converseCall(
  channel: Client,
  method: MethodDefinition<object, unknown>,
  call: Omit<Call, "request"> & { readonly requests: AsyncIterable<object> },
): AsyncGenerator<unknown> {
  const { requests, callOptions, options } = call;
  const trace = traceOf(options.trace, method.path);
  const stream = channel.makeBidiStreamRequest(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
    metadataOf(options, trace),
    callOptions?.timeoutMs === undefined
      ? {}
      : { deadline: options.timing.nowMs() + callOptions.timeoutMs },
  );
  cancelOn(callOptions?.signal, stream);
  const over = new AbortController();
  const send = async () => {
    for await (const request of requests) {
      if (over.signal.aborted) return;
      if (!stream.write(request)) await once(stream, "drain", { signal: over.signal });
    }
    stream.end();
  };
  // A call that is over takes no more; why it is over comes with its answers.
  void send().catch(() => stream.cancel());
  let failure: ApiError | undefined;
  try {
    yield* stream;
  } catch (error) {
    if (callOptions?.signal?.aborted) return;
    failure = new ApiError(error as ServiceError);
    throw failure;
  } finally {
    trace.end(failure);
    over.abort();
    stream.cancel();
  }
}
