import { connect, type Socket } from "node:net";
import { type ByteSocket, HostFileError } from "../port/host.ts";

/** Bytes held of the peer before it is made to wait, and largest piece handed out. */
const BYTES_HELD_MAX = 64 * 1024;

/** @throws HostFileError ENOENT, ECONNREFUSED */
export function connectByteSocket(path: string): Promise<ByteSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    socket.once("error", (cause: NodeJS.ErrnoException) =>
      reject(new HostFileError(cause.code ?? "EIO", path, { cause })),
    );
    socket.once("connect", () => resolve(createByteSocket(socket, path)));
  });
}

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
