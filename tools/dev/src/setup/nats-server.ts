import { accessSync, constants, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { unpackPackages } from "./debian-tree.ts";

const PROGRAM = "nats-server";
/** Where Debian puts it; seldom on a user's PATH. */
const SYSTEM_FOLDERS = ["/usr/sbin", "/usr/local/bin"];

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const cacheFolder = () =>
  join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "switchyard", PROGRAM);

/** Downloads the distribution's package and unpacks it below `target`; says what went wrong. */
async function unpackFromDistribution(target: string): Promise<string | undefined> {
  const parent = join(target, "..");
  mkdirSync(parent, { recursive: true });
  const work = mkdtempSync(join(parent, "unpack-"));
  try {
    const tree = join(work, "root");
    const problem = await unpackPackages(work, [{ packages: [PROGRAM], target: tree }]);
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
 * Puts the folder of a nats-server on this process's PATH: the one that is there, else the
 * distribution's package unpacked into the cache, which needs no root.
 *
 * @throws Error with one sentence that says what to install
 */
export async function ensureNatsServer(say: (line: string) => void): Promise<void> {
  const cached = cacheFolder();
  const folders = [
    ...(process.env["PATH"] ?? "").split(":"),
    ...SYSTEM_FOLDERS,
    join(cached, "usr/sbin"),
  ];
  let folder = folders.find((candidate) => isExecutable(join(candidate, PROGRAM)));
  if (folder === undefined) {
    say("nats-server is not installed; unpacking the distribution's package into the cache");
    const problem = await unpackFromDistribution(cached);
    if (problem !== undefined) {
      throw new Error(
        `nats-server is not on the PATH and could not be had from the distribution's packages (${problem}). ` +
          "Install it (Debian: apt-get install nats-server) and run this again.",
      );
    }
    folder = join(cached, "usr/sbin");
  }
  process.env["PATH"] = `${folder}:${process.env["PATH"]}`;
}
