import { type ByteSocket, HostFileError } from "@switchyard/host";

/** Bytes that the simulated program may be ahead of its reader, as a kernel's socket buffer has an end. */
const UNREAD_BYTES_MAX = 64 * 1024;

/** The side of a byte socket that the simulated program holds. */
export interface BytePeer {
  /** Sends bytes; resolves when there is room for more, or nobody listens any longer. */
  push(bytes: Uint8Array): Promise<void>;
  /** Ends the connection; what is queued can still be read. */
  end(): void;
}

/** Joins a caller's {@link ByteSocket} to a program that takes bytes. */
export function createBytePipe(program: {
  readonly onBytes: (bytes: Uint8Array) => void;
  readonly onClose: () => void;
}): { readonly socket: ByteSocket; readonly peer: BytePeer } {
  const pieces: Uint8Array[] = [];
  let size = 0;
  let isEnded = false;
  let wake = Promise.withResolvers<void>();
  const onChange = () => {
    wake.resolve();
    wake = Promise.withResolvers<void>();
  };
  const close = () => {
    if (isEnded) return;
    isEnded = true;
    onChange();
    program.onClose();
  };
  const read = async (): Promise<Uint8Array | undefined> => {
    while (pieces.length === 0 && !isEnded) await wake.promise;
    const piece = pieces.shift();
    size -= piece?.length ?? 0;
    onChange();
    return piece;
  };
  return {
    socket: {
      write: async (bytes) => {
        if (isEnded) throw new HostFileError("EPIPE", "a serial port");
        program.onBytes(bytes);
      },
      read,
      close,
    },
    peer: {
      push: async (bytes) => {
        while (size >= UNREAD_BYTES_MAX && !isEnded) await wake.promise;
        if (isEnded) return;
        pieces.push(bytes);
        size += bytes.length;
        onChange();
      },
      end: close,
    },
  };
}
