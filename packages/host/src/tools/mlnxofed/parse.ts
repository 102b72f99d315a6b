import type { Reason } from "@switchyard/model";

/** `MLNX_OFED_LINUX-24.04-0.7.0.0:` → without its colon; undefined for anything that is no release. */
export const parseOfedInfo = (text: string): string | undefined =>
  /^([\w.-]+-\d[\w.-]*):?\s*$/m.exec(text)?.[1];

/** Why the installer did not install, as far as its words tell. */
export interface InstallFailure {
  readonly reason: Reason;
  readonly found: string;
  readonly needs: string;
  readonly fix: string;
}

/** What an installer's run came to. */
export interface InstallOutcome {
  readonly isInstalled: boolean;
  /** What it said that looks like trouble and is none. */
  readonly notices: readonly string[];
  /** Files in which it says more; the last one named is the nearest to the trouble. */
  readonly logPaths: readonly string[];
  /** Undefined when it installed. */
  readonly failure: InstallFailure | undefined;
}

interface KnownFailure {
  readonly text: RegExp;
  /** Also told by this exit status alone. @see MLNX_OFED user manual, "mlnxofedinstall Return Codes" */
  readonly exitCode?: number;
  readonly failure: InstallFailure;
}

/** The first that applies counts: a missing package also makes the build fail. */
const KNOWN_FAILURES: readonly KnownFailure[] = [
  {
    text: /One or more required packages for installing MLNX_OFED_LINUX are missing/,
    exitCode: 172,
    failure: {
      reason: "DRIVER_PREREQUISITE_MISSING",
      found: "packages that the build needs are missing",
      needs: "the packages that the installer lists",
      fix: "Install the packages listed in the log and apply again",
    },
  },
  {
    text: /No space left on device/,
    exitCode: 28,
    failure: {
      reason: "DISK_FULL",
      found: "no space left during the build",
      needs: "5 GB free in /tmp and in /",
      fix: "Free space in /tmp and /, then apply again",
    },
  },
  {
    text: /[Cc]urrent operati(?:on|ng) system is not supported|not applicable to this system/,
    exitCode: 171,
    failure: {
      reason: "DRIVER_ARCHIVE_UNSUITABLE",
      found: "the archive is for another distribution",
      needs: "an archive for the host's distribution and release",
      fix: "Name the archive and the distribution that match /etc/os-release",
    },
  },
  {
    text: /Failed to build MLNX_OFED_LINUX for|ERROR: Failed executing ".*install\.pl|kernel-devel.*(?:missing|not installed)/,
    failure: {
      reason: "DRIVER_BUILD_FAILED",
      found: "the modules could not be built for the running kernel",
      needs: "kernel-devel of the running kernel, and a kernel the release supports",
      fix: "Read the build's log; then use a release made for this kernel, or a kernel it supports",
    },
  },
];

const UNKNOWN_FAILURE: InstallFailure = {
  reason: "DRIVER_INSTALL_FAILED",
  found: "the installer ended with an error it gives no known name",
  needs: "an installer that ends with status 0",
  fix: "Read the installer's log",
};

/** Said for every card of an OEM, whose firmware NVIDIA's archive does not hold: no failure. */
const NOTICES: readonly RegExp[] = [
  /^The firmware for this device is not distributed inside Mellanox driver: .*$/m,
  /^Added 'RUN_FW_UPDATER_ONBOOT=no to \S+$/m,
];

const INSTALLED = /^Installation (?:passed|finished) successfully/m;
/** Installed, and the firmware step found nothing for the card. */
const EXIT_NO_FIRMWARE = 2;

/**
 * Reads what mlnxofedinstall printed. It also ends with status 2 where it installed everything and has no
 * firmware for the card, as for every OEM's card.
 *
 * @see MLNX_OFED 24.04 user manual, "Installing MLNX_OFED"
 */
export function parseInstall(output: string, exitCode: number): InstallOutcome {
  const isInstalled = exitCode === 0 || (exitCode === EXIT_NO_FIRMWARE && INSTALLED.test(output));
  const known = KNOWN_FAILURES.find(
    ({ text, exitCode: own }) => text.test(output) || own === exitCode,
  );
  return {
    isInstalled,
    notices: NOTICES.flatMap((notice) => notice.exec(output)?.[0] ?? []),
    logPaths: [...output.matchAll(/[Ss]ee (?:log file )?(\/\S+?)\.?$/gm)].map(
      (match) => match[1] ?? "",
    ),
    failure: isInstalled ? undefined : (known?.failure ?? UNKNOWN_FAILURE),
  };
}

/** Why modules could not be loaded anew. */
export interface RestartFailure {
  readonly reason: Reason;
  readonly found: string;
  readonly fix: string;
}

/**
 * Reads what `openibd restart` printed when it failed.
 *
 * @see MLNX_OFED 24.04, /etc/init.d/openibd
 */
export function parseRestartFailure(output: string): RestartFailure {
  const inUse = /Module (\S+) is in use by: (.+)$/m.exec(output);
  if (inUse !== null) {
    return {
      reason: "DRIVER_IN_USE",
      found: `${inUse[1]} is in use by ${inUse[2]?.trim()}`,
      fix: "Stop what uses the modules, or let the driver come with a reboot",
    };
  }
  if (/Cannot unload the Infiniband driver stack/.test(output)) {
    return {
      reason: "DRIVER_IN_USE",
      found: usersOf(output),
      fix: "Stop the programs named, or let the driver come with a reboot",
    };
  }
  if (/Key was rejected by service|Required key not available/.test(output)) {
    return {
      reason: "SECURE_BOOT_REFUSES_DRIVER",
      found: "the kernel refused the modules' signature",
      fix: "Turn Secure Boot off, or enrol the key the modules are signed with",
    };
  }
  if (/Unknown symbol|disagrees about version of symbol/.test(output)) {
    return {
      reason: "DRIVER_LOAD_FAILED",
      found: "modules of two builds are mixed",
      fix: "Make the initramfs anew and reboot",
    };
  }
  const failed = /^(?:Failed loading|Loading) .*\[FAILED\]$/m.exec(output)?.[0];
  return {
    reason: "DRIVER_LOAD_FAILED",
    found: failed ?? "openibd ended with an error",
    fix: "Read the kernel log of the host",
  };
}

/** Lines between the request to stop and the refusal: the programs in the way. */
function usersOf(output: string): string {
  const part = /Please stop the following applications[^:]*:([\s\S]*?)Error: Cannot unload/.exec(
    output,
  );
  const users = (part?.[1] ?? "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  return users.length === 0 ? "programs use the devices" : `in use by ${users.join(", ")}`;
}
