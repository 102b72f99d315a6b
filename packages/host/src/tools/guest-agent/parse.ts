import { SIGNAL_STATUS_BASE } from "../../port/host.ts";
import { numberOf, parseJson, recordOf, textOf } from "../json.ts";

export type GuestAnswer =
  | { readonly kind: "return"; readonly value: unknown }
  | { readonly kind: "error"; readonly description: string };

/**
 * One line of the guest agent. The answer to `guest-sync-delimited` begins with the byte 0xFF, which is no
 * UTF-8, so everything before the brace is dropped. Undefined for a line cut by an earlier client.
 *
 * @see qemu/qemu qga/qapi-schema.json, guest-sync-delimited
 */
export function parseGuestLine(line: string): GuestAnswer | undefined {
  const open = line.indexOf("{");
  if (open < 0) return undefined;
  try {
    const message = recordOf(parseJson(line.slice(open)));
    if ("return" in message) return { kind: "return", value: message["return"] };
    const error = recordOf(message["error"]);
    return { kind: "error", description: textOf(error["desc"]) ?? line };
  } catch {
    return undefined;
  }
}

export interface GuestExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The guest agent dropped output. */
  readonly isTruncated?: true;
}

/** Undefined while the program still runs. @see qemu/qemu qga/qapi-schema.json, guest-exec-status */
export function parseExecStatus(value: unknown): GuestExecResult | undefined {
  const status = recordOf(value);
  if (status["exited"] !== true) return undefined;
  const signal = numberOf(status["signal"]);
  const isCut = status["out-truncated"] === true || status["err-truncated"] === true;
  const fallback = signal === undefined ? 0 : SIGNAL_STATUS_BASE + signal;
  return {
    exitCode: numberOf(status["exitcode"]) ?? fallback,
    stdout: decode(status["out-data"]),
    stderr: decode(status["err-data"]),
    ...(isCut && { isTruncated: true }),
  };
}

const decode = (value: unknown): string => Buffer.from(textOf(value) ?? "", "base64").toString();

/** @see qemu/qemu qga/qapi-schema.json, guest-exec */
export const parseExecPid = (value: unknown): number | undefined =>
  numberOf(recordOf(value)["pid"]);
