import { HostError, VM_RUN_FOLDER, vmPaths } from "@switchyard/model";
import { type Host, HostFileError, type LineSocket } from "../port/host.ts";
import { domainAgentSocket, domainQmpSocket } from "./libvirt/line-sockets.ts";

/**
 * Connects to a VM's QMP or guest agent. Those of a VM that libvirt runs are held by libvirt, and are reached
 * through it.
 *
 * @throws HostError VM_NOT_RUNNING when nobody listens: the socket lives and dies with QEMU; COMMAND_TIMED_OUT
 *   when QEMU is there and takes no connection
 */
export async function connectVmSocket(host: Host, path: string): Promise<LineSocket> {
  const domain = await findDomainSocket(host, path);
  if (domain !== undefined) return domain;
  try {
    return await host.connectSocket(path);
  } catch (cause) {
    if (!(cause instanceof HostFileError)) throw cause;
    const facts = { path, errno: cause.errno };
    if (cause.errno === "EAGAIN") {
      throw new HostError("COMMAND_TIMED_OUT", `QEMU takes no connection on ${path}`, facts, {
        cause,
      });
    }
    throw new HostError("VM_NOT_RUNNING", `nobody listens on ${path}`, facts, { cause });
  }
}

async function findDomainSocket(host: Host, path: string): Promise<LineSocket | undefined> {
  const [vm, file] = path.startsWith(`${VM_RUN_FOLDER}/`)
    ? path.slice(VM_RUN_FOLDER.length + 1).split("/")
    : [];
  if (vm === undefined || file === undefined) return undefined;
  const { domainFile, qmpSocket, guestAgentSocket } = vmPaths(vm);
  if (!(await host.exists(domainFile))) return undefined;
  if (path === qmpSocket) return domainQmpSocket(host, vm);
  return path === guestAgentSocket ? domainAgentSocket(host, vm) : undefined;
}
