import type { DistroFamily } from "@switchyard/model";
import { DEBIAN12 } from "./debian12.ts";
import type { SimPackage } from "./package.ts";
import { ROCKY9 } from "./rocky9.ts";

/** Distributions there are machines of. */
export type DistributionName = "rocky9" | "debian12";

/** A distribution's packages, and the files that come with it and with them. */
export interface Distribution {
  readonly name: DistributionName;
  readonly family: DistroFamily;
  readonly repositories: Readonly<Record<string, readonly SimPackage[]>>;
  /** Repository that offers kernels. */
  readonly kernelRepository: string;
  readonly kernelPackages: (release: string) => readonly SimPackage[];
  /** Release of the kernel that a package is; undefined for one that is none. */
  readonly kernelOf: (each: SimPackage) => string | undefined;
  /** Installed on a host that the seed procedure was done on, besides its kernel. */
  readonly base: readonly SimPackage[];
  /** What the vendor's archive installs. */
  readonly vendorPackages: readonly SimPackage[];
  /** What its modules can't be built without. */
  readonly buildPackages: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  readonly packageFiles: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly defaultKernel: string;
  readonly osRelease: string;
  /** Programs that only this distribution has. */
  readonly programs: readonly string[];
}

export const DISTRIBUTIONS: Readonly<Record<DistributionName, Distribution>> = {
  rocky9: {
    name: "rocky9",
    family: "rhel",
    ...ROCKY9,
    defaultKernel: "5.14.0-427.42.1.el9_4.x86_64",
    osRelease: `NAME="Rocky Linux"
VERSION="9.4 (Blue Onyx)"
ID="rocky"
ID_LIKE="rhel centos fedora"
VERSION_ID="9.4"
PLATFORM_ID="platform:el9"
PRETTY_NAME="Rocky Linux 9.4 (Blue Onyx)"
`,
    programs: ["dnf", "dracut", "grubby", "needs-restarting", "rpm"],
  },
  debian12: {
    name: "debian12",
    family: "debian",
    ...DEBIAN12,
    defaultKernel: "6.1.0-18-amd64",
    osRelease: `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION="12 (bookworm)"
VERSION_CODENAME=bookworm
ID=debian
`,
    programs: ["apt-cache", "apt-get", "dpkg", "dpkg-query", "update-grub", "update-initramfs"],
  },
};

/** Whether a program belongs to another distribution than this one. */
export const isForeignProgram = (name: DistributionName, program: string): boolean =>
  Object.values(DISTRIBUTIONS).some(
    (each) => each.name !== name && each.programs.includes(program),
  ) && !DISTRIBUTIONS[name].programs.includes(program);

export const distributionOf = (machine: {
  readonly spec: { readonly distribution: DistributionName };
}): Distribution => DISTRIBUTIONS[machine.spec.distribution];
