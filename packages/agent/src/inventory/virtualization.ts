import {
  type Host,
  isLibvirtRestartDue,
  listQemus,
  readLibvirtUser,
  readLibvirtVersion,
  readQemuLink,
} from "@switchyard/host";
import type { VirtualizationFacts } from "@switchyard/model";

/** QEMU and libvirt as they are installed. */
export const readVirtualization = async (host: Host): Promise<VirtualizationFacts> => ({
  qemuLink: await readQemuLink(host),
  qemus: await listQemus(host),
  libvirtVersion: await readLibvirtVersion(host),
  libvirtUser: await readLibvirtUser(host),
  isLibvirtRestartDue: await isLibvirtRestartDue(host),
});
