import {
  type BootSource,
  parseArtefactSource,
  parseImageId,
  parseSha256,
  type QemuOptions,
} from "@switchyard/model";

const GIB = 1024 ** 3;

/** One vDPA NIC, a disk and a guest agent. */
export const GUEST: QemuOptions = {
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

const CHANGES: Readonly<Record<string, Partial<QemuOptions>>> = {
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
  "huge pages of one node": {
    memory: { hugepageBytes: 2 * 1024 ** 2, node: { number: 0, policy: "bind" } },
  },
  "memory of a node where it fits": { memory: { node: { number: 0, policy: "preferred" } } },
  "an image with a seed": fromImage("qcow2", { guestSetup }),
  "an ISO with a disk": fromImage("iso", { diskBytes: GIB }),
};

/** Guests of every kind, by what is special about them. */
export const GUESTS: Readonly<Record<string, QemuOptions>> = Object.fromEntries(
  Object.entries(CHANGES).map(([name, change]) => [name, { ...GUEST, ...change }]),
);
