import type { DocaRelease } from "../machine/packages/doca.ts";

/** MLNX_OFED's archive, as far as its installer goes by it. */
export interface SimOfedArchive {
  readonly kind: "mlnx-ofed";
  /** `24.04-0.7.0.0`. */
  readonly release: string;
  /** `rhel9.4`. */
  readonly distribution: string;
  /** Beginnings of the kernel releases that its modules can be built for. */
  readonly kernels: readonly string[];
}

/** QEMU's source. */
export interface SimQemuArchive {
  readonly kind: "qemu";
  readonly version: string;
}

/** The package of DOCA-Host's local repository. */
export interface SimDocaPackage extends DocaRelease {
  readonly kind: "doca-host";
}

type SimArchive = SimOfedArchive | SimQemuArchive | SimDocaPackage;

/** First line of every simulated archive: what is none has another. */
const MAGIC = "simulated archive";

const fileOf = (archive: SimArchive): string => `${MAGIC}\n${JSON.stringify(archive)}\n`;

/** The text of a file that stands for the archive: its checksum is that of the text. */
export const ofedArchiveFile = (overrides: Partial<Omit<SimOfedArchive, "kind">> = {}): string =>
  fileOf({
    kind: "mlnx-ofed",
    release: "24.04-0.7.0.0",
    distribution: "rhel9.4",
    kernels: ["5.14.0-427"],
    ...overrides,
  });

/** As {@link ofedArchiveFile}, for QEMU's source. */
export const qemuArchiveFile = (version: string): string => fileOf({ kind: "qemu", version });

/** As {@link ofedArchiveFile}, for DOCA-Host's repository package for RHEL 9.4. */
export const docaPackageFile = (overrides: Partial<DocaRelease> = {}): string =>
  fileOf({
    kind: "doca-host",
    version: "2.9.1",
    moduleVersion: "24.10-1.1.4",
    kernels: ["5.14.0-427"],
    ...overrides,
  });

/** The archive that a file stands for; undefined for any other file. */
export function readArchive(text: string): SimArchive | undefined {
  const [magic, json = ""] = text.split("\n");
  // Written by the functions above: what begins with the magic has the shape.
  return magic === MAGIC ? (JSON.parse(json) as SimArchive) : undefined;
}
