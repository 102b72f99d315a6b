import type { VirtualizationFacts, VirtualizationSpec } from "@switchyard/model";
import type {
  VirtualizationSpec as ProtoVirtualizationSpec,
  Virtualization,
} from "@switchyard/proto";
import { toProtoArtefact } from "./driver.ts";

export const toProtoVirtualizationSpec = ({
  qemu,
  libvirtUser,
}: VirtualizationSpec): ProtoVirtualizationSpec => ({
  qemuSource:
    qemu.kind === "distribution"
      ? undefined
      : { version: qemu.version, archive: toProtoArtefact(qemu.archive) },
  libvirtUser,
});

export const toProtoVirtualization = (facts: VirtualizationFacts): Virtualization => ({
  qemus: facts.qemus.map(({ path, version }) => ({ path, version: version ?? "" })),
  qemuLinkTarget: facts.qemuLink.kind === "link" ? facts.qemuLink.target : "",
  libvirtVersion: facts.libvirtVersion ?? "",
  libvirtUser: facts.libvirtUser && {
    user: facts.libvirtUser.user ?? "",
    group: facts.libvirtUser.group ?? "",
  },
  vmScopes: facts.hasVmScopes ?? false,
});
