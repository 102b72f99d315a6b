import { arrayOf, recordOf, textOf } from "../json.ts";

/** What a BMC answered over HTTP. */
export interface RedfishAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** One message of an error or of a change that was taken. */
export interface RedfishMessage {
  /** Last segment of the MessageId: versions of the registry before it vary. */
  readonly id: string;
  readonly text: string;
  readonly resolution: string;
}

const HEAD_END = /\r?\n\r?\n/;

/**
 * Reads what `curl --include` prints: one block of headers or, after interim answers (100 Continue),
 * several; then the body.
 *
 * @returns undefined when it does not begin with a status line
 */
export function parseHttpAnswer(text: string): RedfishAnswer | undefined {
  for (let rest = text; ; ) {
    const status = /^HTTP\/[\d.]+ (\d{3})/.exec(rest)?.[1];
    const end = HEAD_END.exec(rest);
    if (status === undefined || end === null) return undefined;
    const head = rest.slice(0, end.index);
    rest = rest.slice(end.index + end[0].length);
    if (!status.startsWith("1")) {
      return { status: Number(status), headers: parseHeaders(head), body: rest };
    }
  }
}

function parseHeaders(head: string): ReadonlyMap<string, string> {
  const [, ...lines] = head.split(/\r?\n/);
  return new Map(
    lines.map((line) => {
      const at = line.indexOf(":");
      return [line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim()] as const;
    }),
  );
}

/**
 * Messages of an answer: `error["@Message.ExtendedInfo"]` of a refusal, `@Message.ExtendedInfo` of a
 * success. @see DMTF DSP0266, "Error responses"
 */
export function parseMessages(body: unknown): readonly RedfishMessage[] {
  const root = recordOf(body);
  const error = recordOf(root["error"]);
  const entries = [
    ...arrayOf(error["@Message.ExtendedInfo"]),
    ...arrayOf(root["@Message.ExtendedInfo"]),
  ].map(parseMessage);
  const summary = textOf(error["message"]);
  if (entries.length > 0 || summary === undefined) return entries;
  return [{ id: lastSegment(textOf(error["code"]) ?? ""), text: summary, resolution: "" }];
}

function parseMessage(entry: unknown): RedfishMessage {
  const record = recordOf(entry);
  return {
    id: lastSegment(textOf(record["MessageId"]) ?? ""),
    text: textOf(record["Message"]) ?? "",
    resolution: textOf(record["Resolution"]) ?? "",
  };
}

const lastSegment = (id: string): string => id.slice(id.lastIndexOf(".") + 1);
