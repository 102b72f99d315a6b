import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type BootSource,
  libvirtDomain,
  parseArtefactSource,
  parseImageId,
  parseSha256,
  type QemuOptions,
  qemuVm,
} from "@switchyard/model";
import { guestHardware } from "../../testing/guest-hardware.ts";
import { domainArgv } from "./domain-argv.ts";
import { parseXml } from "./xml.ts";

const GIB = 1024 ** 3;

const base: QemuOptions = {
  vm: "web-1",
  accelerator: "kvm",
  vcpuCount: 4,
  memoryBytes: 2 * GIB,
  boot: { kind: "disk", path: "/images/web.qcow2", format: "qcow2" },
  nics: [{ kind: "vdpa", vhostPath: "/dev/vhost-vdpa-0", queuePairs: 4, mac: "52:54:00:cb:45:11" }],
  hasGuestAgent: true,
};

const IMAGE = parseImageId("rocky9");
const guestSetup = {
  method: "cloud-init" as const,
  user: "ada",
  sshKeys: [],
  isNicUnmanaged: false,
  hasEmptyRootPassword: false,
};

function fromImage(format: "qcow2" | "iso", boot: Partial<BootSource> = {}): Partial<QemuOptions> {
  return {
    boot: { kind: "image", image: IMAGE, ...boot } as BootSource,
    image: {
      image: IMAGE,
      spec: {
        source: parseArtefactSource("https://images.example/rocky9"),
        sha256: parseSha256("ab".repeat(32)),
        sizeBytesMax: GIB,
        format,
        virtualSizeBytesMax: 20 * GIB,
      },
    },
  };
}

const GUESTS: Readonly<Record<string, Partial<QemuOptions>>> = {
  "one vDPA NIC on a disk": {},
  "software emulation without a guest agent": { accelerator: "tcg", hasGuestAgent: false },
  "a kernel booted directly": {
    boot: { kind: "kernel", kernelPath: "/k", initrdPath: "/i", commandLine: "a='b' c&d" },
  },
  "several NICs": {
    nics: [0, 1, 2].map((at) => ({
      kind: "vdpa",
      vhostPath: `/dev/vhost-vdpa-${at}`,
      queuePairs: at + 2,
      mac: `52:54:00:cb:45:1${at}`,
    })),
  },
  "VFs by vfio": {
    nics: ["0000:82:00.2", "0000:82:01.1"].map((pciAddress) => ({ kind: "sriov", pciAddress })),
  },
  "an image with a seed": fromImage("qcow2", { guestSetup }),
  "an ISO with a disk": fromImage("iso", { diskBytes: GIB }),
};

describe("the same VM by QEMU and by libvirt", () => {
  for (const [name, change] of Object.entries(GUESTS)) {
    it(`is the same guest: ${name}`, () => {
      const options = { ...base, ...change };
      const domain = parseXml(libvirtDomain(options));
      assert.ok(domain !== undefined);
      assert.deepEqual(
        guestHardware(domainArgv(domain, "/run/monitor.sock")),
        guestHardware(qemuVm(options)),
      );
    });
  }

  it("is not the same with another MAC, fewer queues or another slot", () => {
    const argv = qemuVm(base);
    for (const [from, to] of [
      ["mac=52:54:00:cb:45:11", "mac=52:54:00:cb:45:12"],
      ["vectors=10", "vectors=4"],
      ["disable-legacy=on", "disable-legacy=off"],
    ] as const) {
      const changed = argv.map((word) => word.replace(from, to));
      assert.notDeepEqual(guestHardware(changed), guestHardware(argv), from);
    }
  });
});
