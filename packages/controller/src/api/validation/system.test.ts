import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InvalidInputError } from "@switchyard/model";
import { SystemSpec } from "@switchyard/proto";
import { toProtoSystemSpec } from "../convert/system.ts";
import { readSystem } from "./system.ts";
import { createViolations } from "./violations.ts";

const read = (spec: object) => {
  const violations = createViolations();
  const system = readSystem(SystemSpec.fromPartial(spec), violations);
  violations.assertNone();
  return system;
};

const fieldsOf = (spec: object): readonly string[] => {
  try {
    read(spec);
    return [];
  } catch (error) {
    assert.ok(error instanceof InvalidInputError);
    return error.violations.map(({ field }) => field);
  }
};

const REPOSITORY = {
  id: "site",
  url: "http://mirror.lan/rocky",
  gpgKey: "/etc/pki/rpm-gpg/RPM-GPG-KEY-site",
  suite: "bookworm",
  components: ["main"],
};

describe("readSystem", () => {
  it("goes to the model and back unchanged", () => {
    const spec = SystemSpec.fromPartial({
      kernelArguments: ["intel_iommu=on", "iommu=pt", "pci=realloc,noaer"],
      disableSelinux: true,
      repositories: [REPOSITORY, { id: "crb" }],
      packages: ["gcc-c++", "kernel-devel-5.14.0-427.42.1.el9_4.x86_64"],
      updateKernel: true,
      modulesAtBoot: ["vfio-pci"],
    });
    assert.deepEqual(toProtoSystemSpec(read(spec)), spec);
  });

  it("takes an empty section", () => {
    assert.deepEqual(fieldsOf({}), []);
  });

  it("names every argument that is no argument, is given twice, or has a place of its own", () => {
    assert.deepEqual(
      fieldsOf({ kernelArguments: ["a b", "console=ttyS0", "selinux=0", 'x="y"', "iommu=$(id)"] }),
      [0, 3, 4, 1, 2].map((index) => `kernel_arguments[${index}]`),
    );
    assert.deepEqual(fieldsOf({ kernelArguments: ["iommu=pt", "iommu=off"] }), [
      "kernel_arguments",
    ]);
  });

  it("lets no option, path or second line in where a name belongs", () => {
    assert.deepEqual(fieldsOf({ packages: ["--installroot=/", "git"] }), ["packages[0]"]);
    assert.deepEqual(fieldsOf({ modulesAtBoot: ["../x", "a\nb"] }), [
      "modules_at_boot[0]",
      "modules_at_boot[1]",
    ]);
  });

  it("wants a key with a repository of one's own, and no line ends in either", () => {
    const at = (fields: object) => fieldsOf({ repositories: [{ ...REPOSITORY, ...fields }] });
    assert.deepEqual(at({ gpgKey: "" }), ["repositories[0].gpg_key"]);
    assert.deepEqual(at({ url: "http://m/x\nenabled=0" }), ["repositories[0].url"]);
    assert.deepEqual(at({ id: "Site" }), ["repositories[0].id"]);
    assert.deepEqual(at({ suite: "a b", components: ["m n"] }), [
      "repositories[0].suite",
      "repositories[0].components[0]",
    ]);
    assert.deepEqual(at({ url: "" }), ["repositories[0].url"]);
    assert.deepEqual(fieldsOf({ repositories: [{ id: "crb" }, { id: "crb" }] }), ["repositories"]);
  });

  it("bounds every list", () => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => `p${index}`);
    assert.deepEqual(fieldsOf({ packages: many(201) }), ["packages"]);
    assert.deepEqual(fieldsOf({ modulesAtBoot: many(33) }), ["modules_at_boot"]);
    assert.deepEqual(fieldsOf({ kernelArguments: many(33) }), ["kernel_arguments"]);
  });
});
