import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "../cache-folder.ts";

const run = promisify(execFile);

export interface PreparedCluster {
  /** Says which version with which settings it holds, as it is used again. */
  readonly name: string;
  /** Folder of the prepared ones; the user's cache unless told. */
  readonly cache?: string;
  /** User that the files must belong to, by name. */
  readonly owner: string;
  /** Makes it in a folder that is not there yet. */
  initialise(dataFolder: string): Promise<void>;
}

/** Undefined where there is no such user. */
const uidOf = async (user: string): Promise<number | undefined> =>
  run("id", ["-u", user]).then(
    ({ stdout }) => Number(stdout),
    () => undefined,
  );

const ownerOf = async (path: string): Promise<number | undefined> =>
  stat(path).then(
    ({ uid }) => uid,
    () => undefined,
  );

/** With owners and modes, as Postgres insists on both; shares blocks where the file system can. */
const copyTree = async (from: string, to: string): Promise<void> => {
  await run("cp", ["--archive", "--reflink=auto", "--no-target-directory", from, to]);
};

/** Whole or not at all; of several processes that make it side by side one wins, and all use that one. */
async function prepare(target: string, { initialise }: PreparedCluster): Promise<void> {
  const draft = await mkdtemp(join(tmpdir(), "sy-postgres-"));
  const aside = await mkdtemp(`${target}.`);
  try {
    // The system user that runs initdb must be able to pass through.
    await chmod(draft, 0o711);
    await initialise(join(draft, "data"));
    await copyTree(join(draft, "data"), aside);
    await rename(aside, target);
  } catch (error) {
    if ((await ownerOf(target)) === undefined) throw error;
  } finally {
    for (const folder of [draft, aside]) await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Puts an initialised cluster into `dataFolder`, which must not be there yet: a copy of one that is made once
 * per machine. A copy takes a tenth of a second, initdb several times that. Copies share their system
 * identifier, so that one of them must not follow another's WAL.
 */
export async function placeCluster(dataFolder: string, cluster: PreparedCluster): Promise<void> {
  const cache = cluster.cache ?? cacheFolder("postgres-clusters");
  const target = join(cache, cluster.name);
  await mkdir(cache, { recursive: true });
  const [wanted, found] = [await uidOf(cluster.owner), await ownerOf(target)];
  if (found !== undefined && found !== wanted) await rm(target, { recursive: true, force: true });
  if (found === undefined || found !== wanted) await prepare(target, cluster);
  await copyTree(target, dataFolder);
}

/** Postgres refuses root, which starts it as the user `system`. */
export const clusterOwner = (system: string): string =>
  userInfo().uid === 0 ? system : userInfo().username;
