import { connect, type Socket } from "node:net";
import type { Clock } from "@switchyard/runtime";
import { HostFileError } from "../port/host.ts";

/** QEMU serves one peer of a socket at a time, and lets few wait. */
const ACCEPTED_MS = 10_000;
const RETRY_MS = 100;

/** A queue of peers that is full, which a connection that blocks would wait for. @see unix(7); connect(2) */
const isBusy = (error: unknown): boolean =>
  error instanceof HostFileError && error.errno === "EAGAIN";

/**
 * Connects to a stream socket in the file system, and waits a while for one whose listener is busy with others.
 *
 * @throws HostFileError ENOENT, ECONNREFUSED; EAGAIN after {@link ACCEPTED_MS}
 */
export async function connectUnixSocket(path: string, clock: Clock): Promise<Socket> {
  const deadlineMs = clock.monotonicMs() + ACCEPTED_MS;
  for (;;) {
    try {
      return await connectOnce(path);
    } catch (error) {
      if (!isBusy(error) || clock.monotonicMs() >= deadlineMs) throw error;
    }
    await clock.sleep(RETRY_MS);
  }
}

function connectOnce(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    socket.once("error", (cause: NodeJS.ErrnoException) =>
      reject(new HostFileError(cause.code ?? "EIO", path, { cause })),
    );
    socket.once("connect", () => resolve(socket));
  });
}
