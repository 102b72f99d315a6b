import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { VirtualizationSpec } from "@switchyard/proto";
import { toProtoVirtualizationSpec } from "../convert/virtualization.ts";
import { createViolations } from "./violations.ts";
import { readVirtualization } from "./virtualization.ts";

const QEMU = {
  version: "9.0.4",
  archive: { source: "https://files.example/qemu-9.0.4.tar.xz", sha256: "cd".repeat(32) },
};

function fieldsOf(spec: object): readonly string[] {
  const violations = createViolations();
  readVirtualization(VirtualizationSpec.fromPartial(spec), violations);
  try {
    violations.assertNone();
    return [];
  } catch (error) {
    return (error as { violations: readonly { field: string }[] }).violations.map(
      ({ field }) => field,
    );
  }
}

describe("readVirtualization", () => {
  it("takes the distribution's QEMU where no source is named, and asks nothing of libvirt", () => {
    const read = readVirtualization(VirtualizationSpec.fromPartial({}), createViolations());
    assert.deepEqual(read, { qemu: { kind: "distribution" }, libvirtUser: undefined });
  });

  it("takes a source and a user, and converts both back", () => {
    const spec = VirtualizationSpec.fromPartial({
      qemuSource: QEMU,
      libvirtUser: { user: "root", group: "kvm" },
    });
    const read = readVirtualization(spec, createViolations());
    assert.ok(read !== undefined);
    assert.deepEqual(toProtoVirtualizationSpec(read), spec);
  });

  it("refuses what would not be a version, a checksum or an account", () => {
    assert.deepEqual(fieldsOf({ qemuSource: { ...QEMU, version: "9.0.4; reboot" } }), [
      "qemu_source.version",
    ]);
    assert.deepEqual(fieldsOf({ qemuSource: { version: "9.0.4" } }), ["qemu_source.archive"]);
    assert.deepEqual(fieldsOf({ libvirtUser: { user: 'a"', group: "" } }), [
      "libvirt_user.user",
      "libvirt_user.group",
    ]);
  });
});
