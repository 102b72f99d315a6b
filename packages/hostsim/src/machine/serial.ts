import type { ByteSocket } from "@switchyard/host";
import { type BytePeer, createBytePipe } from "../sockets/byte-pipe.ts";
import type { Machine } from "./machine.ts";

/**
 * A VM's serial port: a socket character device with a log. What the guest writes goes to the log whether
 * anybody is connected or not; one client is served, others wait in the listening socket's queue. A client
 * that does not read makes the guest wait.
 *
 * @see qemu/qemu chardev/char.c, qemu_chr_write_buffer; chardev/char-socket.c, tcp_chr_write
 */
export interface SerialPort {
  /** What the guest writes; resolves when it may go on. */
  write(text: string): Promise<void>;
  connect(): ByteSocket;
  /** The process is gone. */
  close(): void;
}

export function createSerialPort(options: {
  readonly machine: Machine;
  readonly logPath: string | undefined;
  /** What a client sends to the guest. */
  readonly onInput: (bytes: Uint8Array) => void;
}): SerialPort {
  const { machine, logPath, onInput } = options;
  const clients: BytePeer[] = [];
  const append = (text: string) => {
    if (logPath === undefined) return;
    const before = machine.files.isFile(logPath) ? machine.files.read(logPath) : "";
    machine.files.write(logPath, before + text);
  };
  return {
    write: async (text) => {
      await clients[0]?.push(Buffer.from(text));
      append(text);
    },
    connect: () => {
      const { socket, peer } = createBytePipe({
        onBytes: (bytes) => {
          if (clients[0] === peer) onInput(bytes);
        },
        onClose: () => clients.splice(clients.indexOf(peer), 1),
      });
      clients.push(peer);
      return socket;
    },
    close: () => {
      for (const client of [...clients]) client.end();
    },
  };
}
