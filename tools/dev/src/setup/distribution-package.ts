import { accessSync, constants, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "@switchyard/testkit";
import { unpackPackages } from "./debian-tree.ts";

/** A program that comes in a package of the distribution. */
export interface DistributionProgram {
  /** The package, and the first program looked for. */
  readonly name: string;
  /** Folder of the package that holds its programs. */
  readonly folder: string;
}

/** Where Debian puts daemons; seldom on a user's PATH. */
const SYSTEM_FOLDERS = ["/usr/sbin", "/usr/local/bin"];

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Downloads the distribution's package and unpacks it below `target`; says what went wrong. */
async function unpackFromDistribution(name: string, target: string): Promise<string | undefined> {
  const parent = join(target, "..");
  mkdirSync(parent, { recursive: true });
  const work = mkdtempSync(join(parent, "unpack-"));
  try {
    const tree = join(work, "root");
    const problem = await unpackPackages(work, [{ packages: [name], target: tree }]);
    if (problem !== undefined) return problem;
    rmSync(target, { recursive: true, force: true });
    renameSync(tree, target);
    return undefined;
  } catch (error) {
    return String(error);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * Puts the folder of a program on this process's PATH: the one that is there, else the distribution's package
 * unpacked into the cache, which needs no root.
 *
 * @throws Error with one sentence that says what to install
 */
export async function ensureDistributionProgram(
  { name, folder: inPackage }: DistributionProgram,
  say: (line: string) => void,
): Promise<void> {
  const cached = cacheFolder(name);
  const folders = [
    ...(process.env["PATH"] ?? "").split(":"),
    ...SYSTEM_FOLDERS,
    join(cached, inPackage),
  ];
  let folder = folders.find((candidate) => isExecutable(join(candidate, name)));
  if (folder === undefined) {
    say(`${name} is not installed; unpacking the distribution's package into the cache`);
    const problem = await unpackFromDistribution(name, cached);
    if (problem !== undefined) {
      throw new Error(
        `${name} is not on the PATH and could not be had from the distribution's packages (${problem}). ` +
          `Install it (Debian: apt-get install ${name}) and run this again.`,
      );
    }
    folder = join(cached, inPackage);
  }
  process.env["PATH"] = `${folder}:${process.env["PATH"]}`;
}
