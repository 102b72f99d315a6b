import type { Act } from "../machine/act.ts";

/** One request as a server gets it. */
export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Bytes after which the connection breaks, though more was announced. */
  readonly breaksAfterBytes?: number;
}

/** What a client meets instead of an answer. */
export type NoAnswer =
  /** The name does not resolve. */
  | "unknown"
  /** Nobody listens on the port. */
  | "refused"
  /** The connection stays open and nothing comes. */
  | "silent"
  /** The server closes the connection without a word. */
  | "closed";

/** A web server that a simulated machine reaches, known by the host and port of its URLs. */
export interface HttpServer {
  /** Undefined: plain HTTP. */
  readonly tls: { readonly publicKeyPin: string; readonly isTrusted: boolean } | undefined;
  answer(
    act: Act,
    request: HttpRequest,
  ): HttpResponse | NoAnswer | Promise<HttpResponse | NoAnswer>;
}

/** Servers by the `host` of their URLs, as `URL` writes it: with the port unless it is the default. */
export type HttpServers = Map<string, HttpServer>;
