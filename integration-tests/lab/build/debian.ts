import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { LabBuildError } from "./steps.ts";

/** One suite of the Debian archive as this machine's own apt is set up to read it. */
interface AptSource {
  readonly uri: string;
  readonly suite: string;
  readonly component: string;
}

/** Long enough for a slow mirror; apt's own retries happen inside it. */
const APT_TIMEOUT_MS = 10 * 60_000;

/** Words that do not depend on the machine's language, and no questions. */
export const aptEnvironment = { LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" };

/** Which of these packages are not installed on this machine. */
export async function findMissingPackages(names: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await execa(
    "dpkg-query",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders.
    ["--show", "--showformat=${Package} ${db:Status-Status}\\n", ...names],
    { reject: false, env: aptEnvironment },
  );
  const installed = new Set(
    stdout.split("\n").flatMap((line) => {
      const [name, state] = line.split(" ");
      return name !== undefined && state === "installed" ? [name] : [];
    }),
  );
  return names.filter((name) => !installed.has(name));
}

/** Others install, too: a machine's own upgrades, or another lab. @see apt-get(8), DPkg::Lock::Timeout */
const DPKG_LOCK_TIMEOUT_S = 300;

/** Ensures the host tools are installed; without root, says which command an administrator runs. */
export async function ensurePackages(names: readonly string[]): Promise<void> {
  const missing = await findMissingPackages(names);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0) {
    throw new LabBuildError(
      `The lab needs packages that are not installed. Run as root, then try again:\n` +
        `  apt-get update && apt-get install --no-install-recommends ${missing.join(" ")}`,
    );
  }
  const waitForLock = ["-o", `DPkg::Lock::Timeout=${DPKG_LOCK_TIMEOUT_S}`];
  await execa(
    "apt-get",
    [...waitForLock, "install", "--yes", "--no-install-recommends", ...missing],
    {
      env: aptEnvironment,
      timeout: APT_TIMEOUT_MS,
    },
  );
}

/** Brings apt's lists up to date where we may; the lists at hand serve otherwise. */
export async function refreshPackageLists(): Promise<void> {
  if (process.getuid?.() !== 0) return;
  await execa("apt-get", ["update"], { env: aptEnvironment, timeout: APT_TIMEOUT_MS });
}

/** The first package that `name` depends on whose own name starts with `prefix`. */
export async function findDependency(name: string, prefix: string): Promise<string> {
  const { stdout } = await execa("apt-cache", ["depends", name], { env: aptEnvironment });
  const dependency = /^\s*Depends: (\S+)$/gm;
  for (const [, found] of stdout.matchAll(dependency)) {
    if (found?.startsWith(prefix)) return found;
  }
  throw new LabBuildError(
    `apt knows no ${name} that depends on ${prefix}…; the lab is built from Debian 12 (bookworm) ` +
      "with its security suite. Check the sources and run `apt-get update`.",
  );
}

/** Downloads a package and unpacks it into `directory`, installing nothing. */
export async function unpackPackage(name: string, directory: string): Promise<void> {
  const downloads = join(directory, ".download");
  await execa("mkdir", ["-p", downloads]);
  await execa("apt-get", ["download", name], {
    cwd: downloads,
    env: aptEnvironment,
    timeout: APT_TIMEOUT_MS,
  });
  for (const file of await readdir(downloads)) {
    await execa("dpkg-deb", ["--extract", join(downloads, file), directory]);
  }
  await execa("rm", ["-r", downloads]);
}

/**
 * A `sources.list` that repeats where this machine's apt finds Debian, so that no mirror is named
 * in this repository.
 */
export async function readDebianSources(): Promise<string> {
  const { stdout } = await execa("apt-get", [
    "indextargets",
    "--format",
    "$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)",
    "Created-By: Packages",
  ]);
  const sources: AptSource[] = stdout.split("\n").flatMap((line) => {
    const [origin, uri, suite, component] = line.split("|");
    const isComplete = uri !== undefined && suite !== undefined && component !== undefined;
    return origin === "Debian" && isComplete ? [{ uri, suite, component }] : [];
  });
  if (sources.length === 0)
    throw new LabBuildError("apt has no Debian source; run apt-get update.");
  return sources.map(({ uri, suite, component }) => `deb ${uri} ${suite} ${component}\n`).join("");
}
