import type { ServerDuplexStream, ServerWritableStream } from "@grpc/grpc-js";
import {
  type ConnectConsoleRequest,
  type ConnectConsoleResponse,
  HostKind,
  type ReadVmLogRequest,
  type ReadVmLogResponse,
} from "@switchyard/proto";

const LOG = "[    0.0] Linux version\r\n\u001b]0;title\u0007second\r\nthird\r\nweb-1 login: ";

/** A console that greets, repeats what is typed, and ends when "bye" is. */
export function fakeConsole(
  call: ServerDuplexStream<ConnectConsoleRequest, ConnectConsoleResponse>,
): void {
  call.on("data", ({ message }: ConnectConsoleRequest) => {
    if (message?.$case === "open") {
      const { name } = message.value;
      const value = { name, host: "hosts/r740-01", hostKind: HostKind.SIMULATED };
      call.write({ message: { $case: "opened", value } });
      call.write({ message: { $case: "data", value: Buffer.from("web-1 login: ") } });
      return;
    }
    const data = message?.value ?? Buffer.alloc(0);
    call.write({ message: { $case: "data", value: data } });
    if (data.toString() !== "bye") return;
    call.write({ message: { $case: "closed", value: { message: "its process ended" } } });
    call.end();
  });
  call.on("error", () => undefined);
}

/** A log of four lines, the last without an end; followed, it gets a fifth. */
export function fakeLog(call: ServerWritableStream<ReadVmLogRequest, ReadVmLogResponse>): void {
  const { follow } = call.request;
  const text = follow ? "root\r\n" : LOG;
  const startByte = follow ? BigInt(LOG.length) : 0n;
  call.write({ text, startByte, nextByte: startByte + BigInt(text.length), gap: false });
  call.end();
}
