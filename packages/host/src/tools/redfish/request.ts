import {
  CommandError,
  curlRedfish,
  type ErrorMetadata,
  HostError,
  REDFISH_OUTPUT_BYTES_MAX,
  REDFISH_TIMEOUT_MS,
  type Reason,
  type RedfishRequest,
  type Retry,
} from "@switchyard/model";
import type { CommandResult, Host } from "../../port/host.ts";
import { failureMetadata } from "../tool.ts";
import {
  parseHttpAnswer,
  parseMessages,
  type RedfishAnswer,
  type RedfishMessage,
} from "./answer.ts";
import type { BmcSettings } from "./settings.ts";

/** Proves to a BMC who asks. Never part of an argument vector, an error or a log line. */
export type Credentials =
  | { readonly kind: "password"; readonly password: string }
  | { readonly kind: "token"; readonly token: string };

/** What one request is made with. */
export interface Caller {
  readonly host: Host;
  readonly settings: BmcSettings;
  readonly credentials: Credentials;
}

export interface RedfishResult {
  /** Undefined for an answer without a body. */
  readonly body: unknown;
  /** Of what was made: a job, a session. */
  readonly location: string | undefined;
  readonly headers: RedfishAnswer["headers"];
}

/** In double quotes as curl's configuration wants them. @see curl(1), --config */
const quoted = (text: string): string =>
  `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;

/** A body that holds a secret goes with the credentials, not into the arguments. */
export type SecretRequest = RedfishRequest & { readonly secretBody?: unknown };

function configuration({ settings, credentials }: Caller, { secretBody }: SecretRequest): string {
  if (secretBody !== undefined) {
    const body = quoted(JSON.stringify(secretBody));
    return `header = "Content-Type: application/json"\ndata-raw = ${body}\n`;
  }
  return credentials.kind === "password"
    ? `user = ${quoted(`${settings.user}:${credentials.password}`)}\n`
    : `header = ${quoted(`X-Auth-Token: ${credentials.token}`)}\n`;
}

/** Exit statuses of curl that end a request before it was sent. @see curl(1), EXIT CODES */
const NOT_SENT = new Set([5, 6, 7, 35]);
/** Certificate not trusted; no such CA file; public key is another. */
const IDENTITY_WRONG = new Set([51, 60, 77, 90]);
/** Timed out, cut off, empty reply, receive error, HTTP/2 trouble: whether the BMC acted can't be told. */
const CUT_OFF = new Set([16, 18, 28, 52, 55, 56, 92]);

/**
 * Sends one request and waits for its answer, at most a minute.
 *
 * @throws HostError BMC_UNREACHABLE, BMC_IDENTITY_WRONG, BMC_CREDENTIALS_REFUSED, BMC_BUSY, BMC_JOB_PENDING,
 *   BMC_REQUEST_REFUSED, BMC_ANSWER_UNREADABLE; CommandError COMMAND_NOT_STARTED (no curl),
 *   COMMAND_TIMED_OUT. A change that was perhaps made says `observe-first`
 */
export async function requestRedfish(
  caller: Caller,
  request: SecretRequest,
): Promise<RedfishResult> {
  const argv = curlRedfish(caller.settings.endpoint, request);
  const result = await caller.host.run({
    argv,
    stdin: configuration(caller, request),
    timeoutMs: REDFISH_TIMEOUT_MS,
    maxOutputBytes: REDFISH_OUTPUT_BYTES_MAX,
  });
  const failure = { argv, result, request };
  if (result.exitCode !== 0) throw transferError(failure);
  const answer = parseHttpAnswer(result.stdout);
  if (answer === undefined) throw unreadable(failure, "no HTTP answer");
  if (answer.status >= 400) throw refusal(failure, answer);
  const { headers } = answer;
  return { body: bodyOf(failure, answer), location: headers.get("location"), headers };
}

interface Failure {
  readonly argv: readonly [string, ...string[]];
  readonly result: CommandResult;
  readonly request: RedfishRequest;
}

const isChange = ({ request }: Failure): boolean => request.method !== "GET";

function transferError(failure: Failure): HostError | CommandError {
  const { exitCode, stderr } = failure.result;
  const found = stderr.trim().replace(/^curl: /, "");
  if (IDENTITY_WRONG.has(exitCode)) {
    const message = "what answers at the BMC's address does not prove to be the BMC";
    return errorOf(failure, "BMC_IDENTITY_WRONG", message, { found });
  }
  if (NOT_SENT.has(exitCode)) {
    return errorOf(failure, "BMC_UNREACHABLE", "the BMC does not answer", { found }, "safe");
  }
  if (CUT_OFF.has(exitCode)) {
    const retry = isChange(failure) ? "observe-first" : "safe";
    return errorOf(failure, "BMC_UNREACHABLE", "the BMC did not answer", { found }, retry);
  }
  return new CommandError("COMMAND_FAILED", `curl ended with status ${exitCode}`, {
    ...failureMetadata(failure.argv, failure.result),
  });
}

function errorOf(
  { argv, result }: Failure,
  reason: Reason,
  message: string,
  metadata: ErrorMetadata,
  retry: Retry = "never",
): HostError {
  return new HostError(
    reason,
    message,
    { ...failureMetadata(argv, result), ...metadata },
    { retry },
  );
}

/** Headers may hold a session's token, so nothing of the answer is shown. */
const unreadable = (failure: Failure, found: string): HostError =>
  errorOf(
    failure,
    "BMC_ANSWER_UNREADABLE",
    `the answer to ${failure.request.path} is not Redfish`,
    {
      found,
      needs: "JSON",
    },
  );

function bodyOf(failure: Failure, { body }: RedfishAnswer): unknown {
  if (body.trim() === "") return undefined;
  try {
    return JSON.parse(body) as unknown;
  } catch {
    throw unreadable(failure, failure.result.isTruncated ? "a part of an answer" : "no JSON");
  }
}

/** Pending settings are sealed in a job already. Source: iDRAC9 message registry */
const JOB_PENDING_ID = "SYS011";
const JOB_PENDING_WORDS = /pending configuration|job (?:already )?exists?|already committed/i;
const BUSY_WORDS = /lifecycle controller.*(?:in use|busy)|not ready|try again (?:later|after)/i;

function refusal(failure: Failure, answer: RedfishAnswer): HostError {
  const messages = parseMessages(jsonOrNothing(answer.body));
  const [first] = messages;
  const found = first?.text ?? `HTTP status ${answer.status}`;
  const metadata: ErrorMetadata = {
    found,
    status: String(answer.status),
    ...(first !== undefined && { messageId: first.id }),
    ...(first?.resolution && { try: first.resolution }),
  };
  const { method, path } = failure.request;
  switch (reasonOf(answer.status, messages)) {
    case "BMC_CREDENTIALS_REFUSED":
      return errorOf(
        failure,
        "BMC_CREDENTIALS_REFUSED",
        "the BMC does not let the agent in",
        metadata,
      );
    case "BMC_BUSY":
      return errorOf(failure, "BMC_BUSY", "the BMC is not ready", metadata, "safe");
    case "BMC_JOB_PENDING":
      return errorOf(failure, "BMC_JOB_PENDING", "another job of the BMC is pending", metadata);
    case "BMC_REQUEST_REFUSED":
      return errorOf(failure, "BMC_REQUEST_REFUSED", `the BMC refused ${method} ${path}`, metadata);
  }
}

type RefusalReason =
  | "BMC_CREDENTIALS_REFUSED"
  | "BMC_BUSY"
  | "BMC_JOB_PENDING"
  | "BMC_REQUEST_REFUSED";

function reasonOf(status: number, messages: readonly RedfishMessage[]): RefusalReason {
  const say = (words: RegExp) => messages.some(({ text }) => words.test(text));
  const isSealed = messages.some(({ id }) => id === JOB_PENDING_ID);
  if (status === 401 || status === 403) return "BMC_CREDENTIALS_REFUSED";
  if (isSealed || say(JOB_PENDING_WORDS)) return "BMC_JOB_PENDING";
  if (status === 503 || status === 429 || say(BUSY_WORDS)) return "BMC_BUSY";
  return "BMC_REQUEST_REFUSED";
}

function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Whether the refusal says that the thing asked for is not there (any more). */
export const isAbsent = (error: unknown): boolean =>
  error instanceof HostError &&
  error.reason === "BMC_REQUEST_REFUSED" &&
  error.metadata["status"] === "404";
