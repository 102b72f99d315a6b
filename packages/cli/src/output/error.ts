import { isReason, REASONS } from "@switchyard/model";
import type { Problem } from "./problem.ts";

/** What the CLI reads of an API error; stated here so that showing one does not load the client. */
export interface ApiErrorLike extends Error {
  readonly code: string;
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly fieldViolations: readonly { readonly field: string; readonly description: string }[];
  readonly preconditions: readonly {
    readonly type: string;
    readonly subject: string;
    readonly description: string;
  }[];
  readonly requestId: string;
  toJSON(): unknown;
}

export const isApiError = (error: unknown): error is ApiErrorLike =>
  error instanceof Error && error.name === "ApiError" && "fieldViolations" in error;

/** One thing to try: what the server proposes, else what the reason always does. */
export const fixFor = (reason: string, proposed: string | undefined): string | undefined =>
  proposed ?? (isReason(reason) ? REASONS[reason].fix : undefined);

/**
 * Facts that have a label of their own, are for programs, or say for each host what the preconditions say
 * as well.
 */
const UNSHOWN_FACT = /^(found|needs|try|subject|host_count|refused_by_.*|hosts\/.*)$/;

const otherFacts = (
  metadata: Readonly<Record<string, string>>,
): readonly (readonly [string, string])[] =>
  Object.entries(metadata).filter(([key]) => !UNSHOWN_FACT.test(key));

/** The facts of an error's or a failure's metadata, in the order in which they are shown. */
export const factsOf = (
  reason: string,
  metadata: Readonly<Record<string, string>>,
): Problem["facts"] => [
  ["found", metadata["found"]],
  ["needs", metadata["needs"]],
  ...otherFacts(metadata),
  ["try", fixFor(reason, metadata["try"])],
];

export function problemOfApiError(error: ApiErrorLike, address: string): Problem {
  return {
    severity: "error",
    message: messageOf(error, address),
    reason: error.reason,
    facts: [
      ...error.fieldViolations.map(
        ({ field, description }) => ["field", `${field} ${description}`] as const,
      ),
      ...preconditionFacts(error),
      ...(error.reason === "" ? connectionFacts(error) : []),
      ...factsOf(error.reason, error.metadata),
    ],
    requestId: error.requestId,
  };
}

/** A single precondition only repeats the message; several say, host by host, why none would do. */
function preconditionFacts({ preconditions, message }: ApiErrorLike): Problem["facts"] {
  return preconditions
    .filter(({ description }) => preconditions.length > 1 || description !== message)
    .map(({ type, subject, description }) => {
      const what = isReason(type) ? "" : `${type}: `;
      return ["why", `${subject === "" ? "" : `${subject}  `}${what}${description}`] as const;
    });
}

/** Without a reason the failure is gRPC's own, whose words name no object. */
function messageOf({ code, reason, message }: ApiErrorLike, address: string): string {
  if (reason !== "") return message;
  if (code === "UNAVAILABLE") return `can't reach the controller at ${address}`;
  if (code === "DEADLINE_EXCEEDED") return `no answer from ${address} in time`;
  return message;
}

function connectionFacts({ code, message }: ApiErrorLike): Problem["facts"] {
  switch (code) {
    case "UNAVAILABLE":
      return [
        ["found", message],
        ["try", "check that the controller runs there; --address or SWY_ADDR name another"],
      ];
    case "DEADLINE_EXCEEDED":
      return [["try", "give it more time with --timeout"]];
    default:
      return [["found", `gRPC status ${code}`]];
  }
}
