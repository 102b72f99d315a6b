import { connect, createServer, type Socket } from "node:net";
import { systemClock } from "@switchyard/runtime";

/** How often a link that is cut looks whether it is whole again. */
const LOOK_MS = 50;

/** The way of one simulated host to a server, as far as its management path carries it. */
export interface ManagementLink {
  /** `host:port` to connect to instead. */
  readonly server: string;
  stop(): Promise<void>;
}

/**
 * Stands between a simulated host and a server. While the host's path is cut it swallows what is sent, either
 * way, without closing anything: both ends see what a pulled cable shows them, which is nothing.
 */
export async function startManagementLink(options: {
  /** `host:port`, or a URL with them. */
  readonly server: string;
  readonly reaches: () => boolean;
}): Promise<ManagementLink> {
  const target = placeOf(options.server);
  const stopping = new AbortController();
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    return socket;
  };
  const whole = async (socket: Socket) => {
    while (!options.reaches() && !socket.destroyed && !stopping.signal.aborted) {
      await systemClock.sleep(LOOK_MS, stopping.signal);
    }
  };
  /** Holds one chunk at most; the rest waits in the sockets' own bounded buffers. */
  const carry = (from: Socket, to: Socket) => {
    from.on("data", (chunk) => {
      if (options.reaches()) {
        pass(chunk);
        return;
      }
      from.pause();
      void whole(from).then(() => {
        pass(chunk);
        from.resume();
      });
    });
    const pass = (chunk: Buffer) => {
      if (to.destroyed || to.write(chunk)) return;
      from.pause();
      to.once("drain", () => from.resume());
    };
    from.on("close", () => to.destroy());
  };
  const server = createServer((socket) => {
    const near = keep(socket);
    void whole(near).then(() => {
      if (near.destroyed || stopping.signal.aborted) return;
      const far = keep(connect(target));
      carry(near, far);
      carry(far, near);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the link has no port");
  return {
    server: `127.0.0.1:${address.port}`,
    stop: async () => {
      stopping.abort();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function placeOf(server: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(server.includes("://") ? server : `nats://${server}`);
  return { host: hostname, port: Number(port) };
}
