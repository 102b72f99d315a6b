import type { AskedDiskPiece } from "@switchyard/bus";
import { type Host, HostFileError, readVmProcess } from "@switchyard/host";
import { HostError, vmDiskPaths } from "@switchyard/model";

/**
 * Reads a piece of a disk for the host it goes to. The ticket was checked; what is looked at here is that
 * nothing writes into the disk meanwhile.
 *
 * @throws HostError DISK_IN_USE, VM_DISK_UNEXPECTED (no such disk, or another size)
 */
export async function giveDiskPiece(host: Host, asked: AskedDiskPiece): Promise<Uint8Array> {
  const { ticket, offset, length } = asked;
  const { vm } = ticket;
  if ((await readVmProcess(host, vm))?.isAlive === true) {
    throw new HostError("DISK_IN_USE", `${vm} runs on ${ticket.source}`, {
      found: "a running VM",
      needs: "a VM that is stopped",
    });
  }
  const bytes = await readPiece(host, asked);
  if (bytes.length === length) return bytes;
  throw new HostError("VM_DISK_UNEXPECTED", `the disk of ${vm} is not the one that was sealed`, {
    found: `no more than ${offset + bytes.length} bytes`,
    needs: `${ticket.sizeBytes} bytes`,
  });
}

async function readPiece(host: Host, { ticket, offset, length }: AskedDiskPiece) {
  try {
    return await host.readRange(vmDiskPaths(ticket.vm).disk, offset, length);
  } catch (error) {
    if (!(error instanceof HostFileError) || error.errno !== "ENOENT") throw error;
    throw new HostError("VM_DISK_UNEXPECTED", `${ticket.source} has no disk of ${ticket.vm}`, {
      found: "no such file",
    });
  }
}
