import type { Socket } from "node:net";
import type { Clock } from "@switchyard/runtime";
import type { LineSocket } from "../port/host.ts";
import { connectUnixSocket } from "./unix-socket.ts";

/** A peer that sends a longer line is cut off. Guest output comes base64 in one line. */
const LINE_LENGTH_MAX = 32 * 1024 * 1024;
/** Lines held before the peer is made to wait. */
const LINES_HELD_MAX = 256;

/** @throws HostFileError ENOENT, ECONNREFUSED, EAGAIN */
export const connectLineSocket = async (path: string, clock: Clock): Promise<LineSocket> =>
  createLineSocket(await connectUnixSocket(path, clock), clock);

function createLineSocket(socket: Socket, clock: Clock): LineSocket {
  const lines: string[] = [];
  let rest = "";
  let isClosed = false;
  let changed = new AbortController();
  const wake = () => {
    changed.abort();
    changed = new AbortController();
  };

  socket.setEncoding("utf8");
  socket.on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
    if (rest.length > LINE_LENGTH_MAX) socket.destroy();
    if (lines.length >= LINES_HELD_MAX) socket.pause();
    wake();
  });
  // An error is followed by close, which is what readers wait for.
  socket.on("error", () => undefined);
  socket.on("close", () => {
    isClosed = true;
    wake();
  });

  return {
    send: (line) => void socket.write(`${line}\n`),
    receive: async (timeoutMs) => {
      const deadlineMs = clock.monotonicMs() + timeoutMs;
      while (lines.length === 0 && !isClosed) {
        const leftMs = deadlineMs - clock.monotonicMs();
        if (leftMs <= 0) return undefined;
        await clock.sleep(leftMs, changed.signal);
      }
      const line = lines.shift();
      if (lines.length < LINES_HELD_MAX) socket.resume();
      return line?.replace(/\r$/, "");
    },
    close: () => socket.destroy(),
  };
}
