import { HostError } from "@switchyard/model";
import { type Host, HostFileError, type LineSocket } from "../port/host.ts";

/** @throws HostError VM_NOT_RUNNING when nobody listens: the socket lives and dies with QEMU */
export async function connectVmSocket(host: Host, path: string): Promise<LineSocket> {
  try {
    return await host.connectSocket(path);
  } catch (cause) {
    if (!(cause instanceof HostFileError)) throw cause;
    const facts = { path, errno: cause.errno };
    throw new HostError("VM_NOT_RUNNING", `nobody listens on ${path}`, facts, { cause });
  }
}
