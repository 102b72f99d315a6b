import { HostFileError } from "@switchyard/host";
import { CommandError, isReason, type Retry } from "@switchyard/model";

/** Calls of the Host port that go over the socket, by name. */
export type Method =
  | "run"
  | "readFile"
  | "writeFile"
  | "replaceFile"
  | "remove"
  | "listFolder"
  | "readLink"
  | "exists"
  | "readRange"
  | "writeRange"
  | "makeFolder"
  | "connectSocket"
  | "connectByteSocket"
  | "reboot"
  | "socketSend"
  | "socketReceive"
  | "socketClose"
  | "bytesWrite"
  | "bytesRead"
  | "bytesClose"
  | "abort";

/** One line from the client. */
export interface Request {
  readonly id: number;
  readonly method: Method;
  readonly params: readonly unknown[];
}

export type WireError =
  | { readonly kind: "file"; readonly errno: string; readonly path: string }
  | {
      readonly kind: "command";
      readonly reason: string;
      readonly message: string;
      readonly metadata: Readonly<Record<string, string>>;
      readonly retry: Retry;
    }
  | { readonly kind: "other"; readonly message: string };

/** One line from the server: the end of the request with that id. */
export type Response =
  | { readonly id: number; readonly result?: unknown }
  | { readonly id: number; readonly error: WireError };

export function encodeError(error: unknown): WireError {
  if (error instanceof HostFileError) {
    return { kind: "file", errno: error.errno, path: error.path };
  }
  if (error instanceof CommandError) {
    const { reason, message, metadata, retry } = error;
    return { kind: "command", reason, message, metadata, retry };
  }
  return { kind: "other", message: error instanceof Error ? error.message : String(error) };
}

export function decodeError(error: WireError): Error {
  switch (error.kind) {
    case "file":
      return new HostFileError(error.errno, error.path);
    case "command": {
      const reason = isReason(error.reason) ? error.reason : "COMMAND_FAILED";
      return new CommandError(reason, error.message, error.metadata, { retry: error.retry });
    }
    case "other":
      return new Error(error.message);
  }
}

/** Characters of one line at most: the largest output of a command, escaped. */
const LINE_LENGTH_MAX = 32 * 1024 * 1024;

/** Cuts a stream into lines. @throws RangeError for a line without end */
export function createLineSplitter(onLine: (line: string) => void): (chunk: string) => void {
  let rest = "";
  return (chunk) => {
    const lines = `${rest}${chunk}`.split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > LINE_LENGTH_MAX)
      throw new RangeError("a line of the host protocol has no end");
    for (const line of lines) if (line !== "") onLine(line);
  };
}
