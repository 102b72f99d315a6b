import type { Argv } from "./argv.ts";
import { tarExtract } from "./driver.ts";

/** Where QEMU is started from, by name. */
export const QEMU_LINK = "/usr/bin/qemu-system-x86_64";
/** Where the RHEL family puts it, outside of the PATH. @see qemu-kvm of Rocky 9.4 */
export const QEMU_OF_RHEL = "/usr/libexec/qemu-kvm";

/** What a QEMU built from source is installed below; its versions stand side by side. */
const BUILT_FOLDER = "/opt/switchyard";
const BUILT_PROGRAM = /^\/opt\/switchyard\/qemu-[\d.]+\/bin\/qemu-system-x86_64$/;

export const qemuPrefix = (version: string): string => `${BUILT_FOLDER}/qemu-${version}`;
export const qemuProgram = (version: string): string =>
  `${qemuPrefix(version)}/bin/qemu-system-x86_64`;

/** Whether a link at {@link QEMU_LINK} is one that Switchyard, or the seed procedure, put there. */
export const isQemuLinkOurs = (target: string): boolean =>
  target === QEMU_OF_RHEL || BUILT_PROGRAM.test(target);

/** @param options.replaces a link is there already, and is ours. @see ln(1) */
export const symbolicLink = (options: {
  readonly target: string;
  readonly path: string;
  readonly replaces: boolean;
}): Argv => ["ln", options.replaces ? "-sfn" : "-s", "--", options.target, options.path];

/** Where QEMU's source is unpacked and built; removed once it is installed. */
export const qemuBuildFolders = (version: string) => {
  const folder = `/var/lib/switchyard/build/qemu-${version}`;
  return { folder, source: `${folder}/source`, build: `${folder}/build` };
};

/** The seed procedure's flags, into a folder of the version's own. @see QEMU 9.0, configure --help */
export const qemuConfigure = (version: string): Argv => {
  const { source, build } = qemuBuildFolders(version);
  return [
    "env",
    "-C",
    build,
    `${source}/configure`,
    `--prefix=${qemuPrefix(version)}`,
    "--enable-vhost-vdpa",
    "--enable-vnc",
    "--target-list=x86_64-softmmu",
    "--enable-kvm",
  ];
};

/** @see make(1) */
export const makeBuild = (folder: string, jobCount: number): Argv => [
  "make",
  "-C",
  folder,
  "-j",
  String(jobCount),
];
/** @see make(1) */
export const makeInstall = (folder: string): Argv => ["make", "-C", folder, "install"];

/** A source archive and how to build it. */
export interface QemuSource {
  /** `9.0.4`. */
  readonly version: string;
  readonly archivePath: string;
  /** Compilers at once. */
  readonly jobCount: number;
}

/** What builds QEMU, in order. */
export const qemuBuildCommands = (options: QemuSource): readonly Argv[] => {
  const { source, build } = qemuBuildFolders(options.version);
  return [
    tarExtract(options.archivePath, source),
    qemuConfigure(options.version),
    makeBuild(build, options.jobCount),
    makeInstall(build),
  ];
};

/** @see systemctl(1) */
export const systemctlRestart = (unit: string): Argv => ["systemctl", "restart", unit];
