import { HostFileError, type LineSocket } from "@switchyard/host";
import type { Machine } from "../machine/machine.ts";
import type { Process } from "../machine/process.ts";
import type { Qemu } from "../machine/qemu.ts";
import { connectGuestAgent } from "../sockets/guest-agent.ts";
import { unansweredSocket } from "../sockets/line-queue.ts";
import { connectQmp, type FinishAct } from "../sockets/qmp.ts";

/** A process that is a VM. */
export type VmProcess = Process & { readonly qemu: Qemu };

/**
 * The VM that listens on a socket of the machine.
 *
 * @throws HostFileError ENOENT; ECONNREFUSED where the file is there and nobody listens
 */
export function listenerOn(machine: Machine, path: string): VmProcess {
  if (!machine.files.isFile(path)) throw new HostFileError("ENOENT", path);
  for (const process of machine.boot.processes.values()) {
    const { qemu } = process;
    if (qemu?.options.sockets.some((socket) => socket.path === path)) return { ...process, qemu };
  }
  throw new HostFileError("ECONNREFUSED", path);
}

/** A VM's QMP or its guest agent; libvirt keeps the latter to itself. */
export function connectLines(machine: Machine, path: string, finish: FinishAct): LineSocket {
  const listener = listenerOn(machine, path);
  const { isOfLibvirt, guestAgentSocket, qmpSocket } = listener.qemu.options;
  if (isOfLibvirt && guestAgentSocket === path) return unansweredSocket(machine.clock);
  const connect = qmpSocket === path ? connectQmp : connectGuestAgent;
  return connect(machine, listener, finish);
}
