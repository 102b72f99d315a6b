import {
  ACCOUNT_NAME,
  LIMITS_OF_ARTEFACTS,
  QEMU_VERSION,
  type VirtualizationSpec,
} from "@switchyard/model";
import type {
  LibvirtUser,
  VirtualizationSpec as ProtoVirtualizationSpec,
  QemuSource,
} from "@switchyard/proto";
import { readArtefact } from "./artefact.ts";
import type { Violations } from "./violations.ts";

type Qemu = VirtualizationSpec["qemu"];

function readQemu(source: QemuSource | undefined, violations: Violations): Qemu | undefined {
  if (source === undefined) return { kind: "distribution" };
  const { version } = source;
  violations.check(QEMU_VERSION.test(version), "version", "must be a version such as 9.0.4");
  const { driverBytesMax } = LIMITS_OF_ARTEFACTS;
  const archive = readArtefact(source.archive, violations.at("archive"), driverBytesMax);
  return archive && { kind: "source", version, archive };
}

function readUser({ user, group }: LibvirtUser, violations: Violations) {
  const words = "must be the name of an account, or + and its number";
  violations.check(ACCOUNT_NAME.test(user), "user", words);
  violations.check(ACCOUNT_NAME.test(group), "group", words);
  return { user, group };
}

/** The section as the model has it; undefined when a violation was added. */
export function readVirtualization(
  spec: ProtoVirtualizationSpec,
  violations: Violations,
): VirtualizationSpec | undefined {
  const qemu = readQemu(spec.qemuSource, violations.at("qemu_source"));
  const libvirtUser = spec.libvirtUser && readUser(spec.libvirtUser, violations.at("libvirt_user"));
  return qemu && { qemu, libvirtUser };
}
