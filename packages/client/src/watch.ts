import { ApiError } from "./api-error.ts";
import type { CallOptions } from "./promise-service.ts";
import { reconnectDelayMs, systemTiming, type Timing } from "./timing.ts";

/** Position in a watch, as every Watch method of the API sends it. */
interface Progress {
  readonly resumeToken: string;
  readonly isSynced: boolean;
}

/** What a Watch method streams: progress, and one kind of news (a change, or an entry of the audit). */
export interface WatchResponse {
  readonly event: { readonly $case: string; readonly value: unknown } | undefined;
}

type ValueOf<Response extends WatchResponse> = Exclude<
  Response["event"],
  undefined | { readonly $case: "progress" }
>["value"];

/**
 * What a caller sees of a watch. `restarted` means that changes were missed and what was seen so far is
 * void: a new snapshot follows.
 */
export type WatchItem<Value> =
  | { readonly kind: "change"; readonly value: Value }
  | { readonly kind: "progress"; readonly resumeToken: string; readonly isSynced: boolean }
  | { readonly kind: "reconnecting"; readonly error: ApiError; readonly attempt: number }
  | { readonly kind: "restarted" };

export interface WatchOptions {
  readonly signal?: AbortSignal;
  readonly timing?: Timing;
  /**
   * Most attempts in a row to reach a controller; default 60, about five minutes. The last error is then
   * thrown.
   */
  readonly attemptsMax?: number;
}

export const WATCH_ATTEMPTS_MAX = 60;

type Open<Request, Response> = (
  request: Partial<Request>,
  options?: CallOptions,
) => AsyncIterable<Response>;

/**
 * Watches resources across lost connections and restarted controllers: goes on from the last resume token,
 * at any controller. Changes come at least once and in order. Ends when the signal aborts.
 *
 * @param open    a Watch method, such as `client.hosts.watchHosts`
 * @param request its filter; a resume token in it is where the watch begins
 * @throws ApiError what can't be mended by trying again, and RESUME_TOKEN_TOO_OLD for the caller's own token
 */
export async function* watch<
  Request extends { resumeToken: string },
  Response extends WatchResponse,
>(
  open: Open<Request, Response>,
  request: Partial<Request> = {},
  options: WatchOptions = {},
): AsyncGenerator<WatchItem<ValueOf<Response>>> {
  const { signal, timing = systemTiming, attemptsMax = WATCH_ATTEMPTS_MAX } = options;
  const callersToken = request.resumeToken ?? "";
  let resumeToken = callersToken;
  let attempt = 0;
  while (signal?.aborted !== true) {
    try {
      const asked = { ...request, resumeToken };
      for await (const { event } of open(asked, signal === undefined ? {} : { signal })) {
        if (event === undefined) continue;
        attempt = 0;
        if (event.$case === "progress") {
          const progress = event.value as Progress;
          resumeToken = progress.resumeToken;
          yield { kind: "progress", ...progress };
        } else yield { kind: "change", value: event.value as ValueOf<Response> };
      }
      // A controller that shuts down ends its streams in order; another one takes over.
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.reason === "RESUME_TOKEN_TOO_OLD" && resumeToken !== callersToken) {
        resumeToken = "";
        yield { kind: "restarted" };
        continue;
      }
      if (!error.isTransient || attempt >= attemptsMax) throw error;
      yield { kind: "reconnecting", error, attempt: attempt + 1 };
    }
    attempt += 1;
    await timing.sleep(reconnectDelayMs(attempt, timing), signal);
  }
}
