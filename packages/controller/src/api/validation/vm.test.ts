import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InvalidInputError } from "@switchyard/model";
import { NicKind, NumaPolicy, VmRuntime, VmSpec } from "@switchyard/proto";
import { createViolations } from "./violations.ts";
import { readVmSpec } from "./vm.ts";

const VALID = VmSpec.fromPartial({
  vcpuCount: 4,
  memoryBytes: 1024n ** 3n,
  boot: { $case: "disk", value: { path: "/var/lib/images/a.qcow2", format: "qcow2" } },
  network: "networks/blue",
});

function violatedFields(change: object): string[] {
  const violations = createViolations();
  readVmSpec(VmSpec.fromPartial({ ...VALID, ...change }), violations.at("vm.spec"));
  try {
    violations.assertNone();
    return [];
  } catch (error) {
    assert.ok(error instanceof InvalidInputError);
    return error.violations.map(({ field }) => field);
  }
}

const MAC = "52:54:00:cb:45:11";
const nic = (change: object = {}) => ({
  network: "networks/blue",
  kind: NicKind.VDPA,
  ...change,
});
const nics = (...all: readonly object[]) => ({ network: "", nics: all });

const disk = (path: string, format = "raw") => ({
  boot: { $case: "disk", value: { path, format } },
});
const kernel = (change: object) => ({
  boot: {
    $case: "kernel",
    value: { kernelPath: "/k", initrdPath: "/i", commandLine: "quiet", ...change },
  },
});

describe("readVmSpec", () => {
  it("takes a valid spec as it is, and leaves queue pairs to placement", () => {
    const spec = readVmSpec(VALID, createViolations());
    assert.equal(spec?.memoryBytes, 1024 ** 3);
    assert.deepEqual(spec?.nics, [{ network: "blue", kind: "vdpa", queuePairs: 0 }]);
  });

  it("takes NICs with what they ask for", () => {
    const asked = [nic({ mac: MAC }), nic({ address: "192.168.101.30", queuePairs: 2 })];
    const spec = VmSpec.fromPartial({ ...VALID, network: "", nics: asked });
    assert.deepEqual(readVmSpec(spec, createViolations())?.nics, [
      { network: "blue", kind: "vdpa", queuePairs: 0, mac: MAC },
      { network: "blue", kind: "vdpa", queuePairs: 2, address: "192.168.101.30" },
    ]);
  });

  it("takes the runtime, and leaves it out where none is asked for", () => {
    const spec = VmSpec.fromPartial({ ...VALID, runtime: VmRuntime.LIBVIRT });
    assert.equal(readVmSpec(spec, createViolations())?.runtime, "libvirt");
    assert.equal(readVmSpec(VALID, createViolations())?.runtime, undefined);
  });

  it("takes what ties the VM to parts of its host", () => {
    const spec = VmSpec.fromPartial({
      ...VALID,
      numaPolicy: NumaPolicy.REQUIRED,
      hugepageBytes: 2n * 1024n ** 2n,
      cpuPinning: true,
    });
    const { numa, hugepageBytes, cpuPinning } = readVmSpec(spec, createViolations()) ?? {};
    assert.deepEqual([numa, hugepageBytes, cpuPinning], ["required", 2 * 1024 ** 2, true]);
  });

  it("takes a kernel given directly", () => {
    const longPath = "/var/lib/switchyard/boot/";
    const change = kernel({ kernelPath: `${longPath}k`, initrdPath: `${longPath}i` });
    assert.deepEqual(violatedFields(change), []);
  });

  const cases: readonly (readonly [string, object, string])[] = [
    ["no vCPU", { vcpuCount: 0 }, "vm.spec.vcpu_count"],
    ["256 vCPUs", { vcpuCount: 256 }, "vm.spec.vcpu_count"],
    ["15 MiB", { memoryBytes: 15n * 1024n ** 2n }, "vm.spec.memory_bytes"],
    ["half a MiB too much", { memoryBytes: 1024n ** 3n + 1n }, "vm.spec.memory_bytes"],
    ["more memory than a number holds", { memoryBytes: 2n ** 62n }, "vm.spec.memory_bytes"],
    ["no boot source", { boot: undefined }, "vm.spec.image"],
    ["a relative disk path", disk("a.img"), "vm.spec.disk.path"],
    ["a disk path that leaves its folder", disk("/a/../etc/shadow"), "vm.spec.disk.path"],
    ["a disk path with a QEMU option", disk("/a,readonly=off"), "vm.spec.disk.path"],
    ["a disk format QEMU would guess", disk("/a.img", ""), "vm.spec.disk.format"],
    ["a runtime of a newer release", { runtime: 9 }, "vm.spec.runtime"],
    ["no kernel", kernel({ kernelPath: "" }), "vm.spec.kernel.kernel_path"],
    ["no initrd", kernel({ initrdPath: "" }), "vm.spec.kernel.initrd_path"],
    ["a command line of two lines", kernel({ commandLine: "a\nb" }), "vm.spec.kernel.command_line"],
    ["no network", { network: "" }, "vm.spec.network"],
    ["a network that is a VM", { network: "vms/a" }, "vm.spec.network"],
    ["negative queue pairs", { queuePairs: -1 }, "vm.spec.queue_pairs"],
    ["more queue pairs than vCPUs", { queuePairs: 5 }, "vm.spec.queue_pairs"],
    ["huge pages of no size there is", { hugepageBytes: 4096n }, "vm.spec.hugepage_bytes"],
    [
      "memory that is no whole number of huge pages",
      { hugepageBytes: 1024n ** 3n, memoryBytes: 1536n * 1024n ** 2n },
      "vm.spec.memory_bytes",
    ],
    ["a NUMA policy of a later release", { numaPolicy: 9 }, "vm.spec.numa_policy"],
    ["short form and NICs at once", { nics: [nic()] }, "vm.spec.network"],
    ["nine NICs", nics(...Array.from({ length: 9 }, () => nic())), "vm.spec.nics"],
    ["a NIC of no kind", nics(nic({ kind: 0 })), "vm.spec.nics[0].kind"],
    [
      "two kinds, which no host offers",
      nics(nic(), nic({ kind: NicKind.SRIOV })),
      "vm.spec.nics[1].kind",
    ],
    ["a multicast MAC", nics(nic({ mac: "01:00:5e:00:00:01" })), "vm.spec.nics[0].mac"],
    ["one MAC twice", nics(nic({ mac: MAC }), nic({ mac: MAC })), "vm.spec.nics[1].mac"],
    [
      "one address twice",
      nics(nic({ address: "10.0.0.2" }), nic({ address: "10.0.0.2" })),
      "vm.spec.nics[1].address",
    ],
    [
      "queues of a VF",
      nics(nic({ kind: NicKind.SRIOV, queuePairs: 2 })),
      "vm.spec.nics[0].queue_pairs",
    ],
    ["a label key with a space", { hostSelector: { "a b": "" } }, "vm.spec.host_selector[a b]"],
  ];
  for (const [name, change, field] of cases) {
    it(`refuses ${name} at ${field}`, () => {
      assert.ok(violatedFields(change).includes(field), violatedFields(change).join(", "));
    });
  }
});
