import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

/** One span as a collector gets it. */
export interface ReceivedSpan {
  readonly service: string;
  /** Of the process: host name and so on. */
  readonly resource: Readonly<Record<string, string>>;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first span of a trace. */
  readonly parentId: string;
  readonly kind: number;
  readonly attributes: Readonly<Record<string, string>>;
  readonly hasFailed: boolean;
}

/** Takes spans by OTLP over HTTP, in JSON. */
export interface OtlpReceiver {
  readonly endpoint: string;
  readonly spans: readonly ReceivedSpan[];
  stop(): Promise<void>;
}

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** The JSON form of an ExportTraceServiceRequest, as far as it is looked at. */
interface ExportRequest {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: readonly Attribute[] };
    readonly scopeSpans?: readonly {
      readonly spans?: readonly {
        readonly traceId: string;
        readonly spanId: string;
        readonly parentSpanId?: string;
        readonly name: string;
        readonly kind?: number;
        readonly attributes?: readonly Attribute[];
        readonly status?: { readonly code?: number };
      }[];
    }[];
  }[];
}

/** @see open-telemetry/opentelemetry-proto opentelemetry/proto/trace/v1/trace.proto, Status.StatusCode */
const ERROR = 2;

const toRecord = (attributes: readonly Attribute[] = []): Readonly<Record<string, string>> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, String(Object.values(value)[0])]));

function spansOf({ resourceSpans = [] }: ExportRequest): readonly ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans = [] }) => {
    const of = toRecord(resource?.attributes);
    return scopeSpans.flatMap(({ spans = [] }) =>
      spans.map((span) => ({
        service: of["service.name"] ?? "",
        resource: of,
        name: span.name,
        traceId: span.traceId,
        spanId: span.spanId,
        parentId: span.parentSpanId ?? "",
        kind: span.kind ?? 0,
        attributes: toRecord(span.attributes),
        hasFailed: span.status?.code === ERROR,
      })),
    );
  });
}

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const server: Server = createServer((request, response) => {
    const isTraces = request.method === "POST" && request.url === "/v1/traces";
    json(request).then(
      (body) => {
        if (isTraces) spans.push(...spansOf(body as ExportRequest));
        response.writeHead(isTraces ? 200 : 404, { "content-type": "application/json" });
        response.end("{}");
      },
      () => response.writeHead(400).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    spans,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
