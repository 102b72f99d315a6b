import type { Socket } from "node:net";
import type { Clock } from "@switchyard/runtime";
import { type ByteSocket, HostFileError } from "../port/host.ts";
import { connectUnixSocket } from "./unix-socket.ts";

/** Bytes held of the peer before it is made to wait, and largest piece handed out. */
const BYTES_HELD_MAX = 64 * 1024;

/** @throws HostFileError ENOENT, ECONNREFUSED, EAGAIN */
export const connectByteSocket = async (path: string, clock: Clock): Promise<ByteSocket> =>
  createByteSocket(await connectUnixSocket(path, clock), path);

function createByteSocket(socket: Socket, path: string): ByteSocket {
  let wake = Promise.withResolvers<void>();
  const onChange = () => {
    wake.resolve();
    wake = Promise.withResolvers<void>();
  };
  // An error is followed by close, which is what readers wait for.
  socket.on("error", () => undefined);
  for (const event of ["readable", "end", "close"]) socket.on(event, onChange);

  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        socket.write(bytes, (error) => {
          if (error == null) resolve();
          else reject(new HostFileError("EPIPE", path, { cause: error }));
        });
      }),
    read: async () => {
      for (;;) {
        const changed = wake.promise;
        const held = socket.readableLength;
        const bytes = held === 0 ? null : (socket.read(Math.min(held, BYTES_HELD_MAX)) as Buffer);
        if (bytes !== null) return bytes;
        if (socket.destroyed || socket.readableEnded) return undefined;
        socket.read(0);
        await changed;
      }
    },
    close: () => socket.destroy(),
  };
}
