import type { SeedFile } from "../desired/guest-setup.ts";
import type { Accelerator } from "../inventory/inventory.ts";
import type { Argv } from "./argv.ts";

/** Folder under which a boot that changes an image has its own. On tmpfs, as the boot ends with the host's. */
export const BUILD_RUN_FOLDER = "/run/switchyard/builds";

/** Files of one such boot. */
export interface BuildPaths {
  readonly folder: string;
  readonly pidFile: string;
  readonly serialLog: string;
  readonly seed: string;
  readonly seedFiles: string;
}

export function buildPaths(key: string): BuildPaths {
  const folder = `${BUILD_RUN_FOLDER}/${key}`;
  return {
    folder,
    pidFile: `${folder}/qemu.pid`,
    serialLog: `${folder}/serial.log`,
    seed: `${folder}/seed.iso`,
    seedFiles: `${folder}/seed`,
  };
}

/** Name of its process: `-name` of a VM can't have it, for a VM's begins with a letter. */
export const buildName = (key: string): string => `0-build-${key}`;

/** What the guest prints on its console once every package is there. */
export const PACKAGES_INSTALLED = "switchyard-packages-installed";

/** Asks whichever package manager the guest has; its arguments are the names. */
const CHECK = [
  'for name; do rpm -q "$name" >/dev/null 2>&1 || dpkg-query -W "$name" >/dev/null 2>&1 || exit 1; done',
  `echo ${PACKAGES_INSTALLED} > /dev/ttyS0`,
].join("; ");

/**
 * What cloud-init does in the boot: installs, says so, forgets which machine it was, and powers off. VMs made
 * of the image are instances of their own to it, so that everything else is done for each of them.
 *
 * @see canonical/cloud-init doc/rtd/reference/modules.rst: package-update-upgrade-install, runcmd, power-state-change
 */
export function buildSeedFiles(key: string, packages: readonly string[]): readonly SeedFile[] {
  const userData = {
    package_update: true,
    packages,
    runcmd: [
      ["sh", "-c", CHECK, "sh", ...packages],
      ["truncate", "-s", "0", "/etc/machine-id"],
    ],
    power_state: { mode: "poweroff", condition: true },
  };
  const metaData = { "instance-id": `build-${key}`, "local-hostname": "build" };
  return [
    { name: "user-data", text: `#cloud-config\n${JSON.stringify(userData, undefined, 1)}\n` },
    { name: "meta-data", text: `${JSON.stringify(metaData, undefined, 1)}\n` },
  ];
}

const BUILD_SIZE = { vcpuCount: 2, memoryMib: 2048 } as const;

/**
 * Boots an image behind QEMU's own NAT: the guest reaches repositories and nobody reaches the guest. No bridge
 * and no VF are needed.
 *
 * @see qemu-system-x86_64(1), -netdev user; -no-reboot ends it also where the guest reboots
 */
export function qemuBuild(
  key: string,
  boot: { readonly disk: string; readonly accelerator: Accelerator },
): Argv {
  const paths = buildPaths(key);
  return [
    "qemu-system-x86_64",
    "-name",
    `${buildName(key)},process=sy-build`,
    "-machine",
    `q35,accel=${boot.accelerator}`,
    "-cpu",
    boot.accelerator === "kvm" ? "host" : "max",
    "-smp",
    String(BUILD_SIZE.vcpuCount),
    "-m",
    `${BUILD_SIZE.memoryMib}M`,
    "-nodefaults",
    "-vga",
    "none",
    "-display",
    "none",
    "-drive",
    `file=${boot.disk},format=qcow2,if=virtio`,
    "-drive",
    `file=${paths.seed},format=raw,readonly=on,if=virtio`,
    "-netdev",
    "user,id=nat0,restrict=off",
    "-device",
    "virtio-net-pci,netdev=nat0,romfile=",
    "-device",
    "virtio-rng-pci",
    "-serial",
    `file:${paths.serialLog}`,
    "-pidfile",
    paths.pidFile,
    "-no-reboot",
    "-daemonize",
  ];
}
