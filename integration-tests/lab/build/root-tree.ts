import { rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { readDebianSources } from "./debian.ts";
import type { Stage } from "./stage-cache.ts";
import { type Report, timed } from "./steps.ts";

/** The distribution of the lab host, the same as the one the build is made for. */
const SUITE = "bookworm";

/** What a lab host has installed: what a real host has, and what its scenarios look with. */
const PACKAGES: readonly string[] = [
  ...["openvswitch-switch", "iproute2", "kmod", "ethtool", "pciutils", "iputils-ping", "tcpdump"],
  "iperf3",
  ...["qemu-system-x86", "qemu-utils", "qemu-guest-agent"],
  ...["procps", "busybox-static", "ca-certificates", "e2fsprogs", "curl", "genisoimage"],
  ...["libvirt-daemon", "libvirt-daemon-driver-qemu", "libvirt-clients"],
];

/** Half of a minimal Debian by size, and never read in a lab host. */
const LEFT_OUT = [
  "/usr/share/doc/*",
  "/usr/share/man/*",
  "/usr/share/locale/*",
  "/usr/share/info/*",
];

/** A root file system with Debian's packages in it, nothing of the lab's own. */
export function rootTreeStage(report: Report): Stage {
  const packages = [...PACKAGES].sort();
  return {
    name: "tree",
    inputs: [SUITE, ...packages, ...LEFT_OUT],
    build: (directory) =>
      timed(report, `lab host root: ${packages.length} packages with what they need`, async () => {
        const tree = join(directory, "root");
        await execa(
          "mmdebstrap",
          [
            "--quiet",
            "--variant=minbase",
            `--include=${packages.join(",")}`,
            '--aptopt=APT::Install-Recommends "false"',
            ...LEFT_OUT.map((path) => `--dpkgopt=path-exclude=${path}`),
            SUITE,
            tree,
            "-",
          ],
          { input: await readDebianSources() },
        );
        await rm(join(tree, "etc/apt"), { recursive: true });
      }),
  };
}

/** The directories of the stages that a lab host's root is put together from. */
export interface RootParts {
  readonly tree: string;
  readonly kernel: string;
  readonly guestKernel: string;
  readonly guestInitrd: string;
}

/**
 * The root a lab host boots from, as `root`: the tree, the kernel's modules, and the nested guest's
 * kernel and initrd in `/usr/share/switchyard-lab`. Files are hard links into the stages they come
 * from, which nobody ever writes to.
 */
export function assembledRootStage(parts: RootParts, report: Report): Stage {
  return {
    name: "root",
    inputs: ["assembled root 2", ...Object.values(parts)],
    build: (directory) =>
      timed(report, "lab host root: put together", async () => {
        const root = join(directory, "root");
        const link = (from: string, to: string) =>
          execa("cp", ["--archive", "--link", "--no-target-directory", from, to]);
        const guest = join(root, "usr/share/switchyard-lab");
        await link(join(parts.tree, "root"), root);
        await link(join(parts.kernel, "lib/modules"), join(root, "usr/lib/modules"));
        await execa("mkdir", ["--parents", guest]);
        await link(join(parts.guestKernel, "vmlinux"), join(guest, "vmlinuz"));
        for (const initrd of ["initrd", "initrd-iperf3"]) {
          await link(join(parts.guestInitrd, initrd), join(guest, initrd));
        }
      }),
  };
}
