import { createHash } from "node:crypto";
import {
  access,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder } from "@switchyard/testkit";

/** Names the file that is written last into a stage; a folder without it is not a finished stage. */
const MARKER = "complete.json";

/** Stages nobody has used for this long are removed by the next build. A stage is at most 0.6 GB. */
const UNUSED_STAGE_DAYS_MAX = 14;

/** A part of the lab that is built once for its inputs and then only read. */
export interface Stage {
  readonly name: string;
  /** Everything the result depends on: recipe text, and the directories of the stages it uses. */
  readonly inputs: readonly string[];
  /** Fills an empty directory. */
  readonly build: (directory: string) => Promise<void>;
}

/** Where finished stages are kept. */
export const labCacheDirectory = (): string => cacheFolder("lab");

/** The directory a stage has, or would have. Equal inputs give an equal path. */
export function stageDirectory(stage: Stage): string {
  const hash = createHash("sha256");
  for (const input of [process.arch, ...stage.inputs]) {
    hash.update(`${Buffer.byteLength(input)}:${input}`);
  }
  return join(labCacheDirectory(), `${stage.name}-${hash.digest("hex").slice(0, 16)}`);
}

/** Whether the stage is built already; a yes counts as a use. */
export async function isStageComplete(stage: Stage): Promise<boolean> {
  const marker = join(stageDirectory(stage), MARKER);
  const now = new Date();
  return utimes(marker, now, now).then(
    () => true,
    () => false,
  );
}

/**
 * Ensures the stage is built and returns its directory.
 *
 * It is built beside its place and renamed, so a builder that dies leaves nothing that looks
 * finished, and of two builders at once the first to finish wins. May run twice.
 */
export async function ensureStage(stage: Stage): Promise<string> {
  const directory = stageDirectory(stage);
  if (await isStageComplete(stage)) return directory;
  await mkdir(labCacheDirectory(), { recursive: true });
  const temporary = await mkdtemp(`${directory}.tmp-`);
  try {
    await stage.build(temporary);
    await writeFile(join(temporary, MARKER), JSON.stringify({ name: stage.name }));
    await rm(directory, { recursive: true, force: true }).catch(() => undefined);
    await rename(temporary, directory).catch(async (error: unknown) => {
      // Another builder finished first; its result is as good as ours.
      if (!(await isStageComplete(stage))) throw error;
    });
    return directory;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Removes stages and abandoned attempts that nobody has used for two weeks, but never `keep`. */
export async function pruneStages(keep: readonly string[]): Promise<void> {
  const root = labCacheDirectory();
  const oldest = Date.now() - UNUSED_STAGE_DAYS_MAX * 24 * 3600 * 1000;
  for (const name of await readdir(root)) {
    const directory = join(root, name);
    if (keep.includes(directory)) continue;
    const lastUse = await stat(join(directory, MARKER)).catch(() => stat(directory));
    if (lastUse.mtimeMs < oldest) await rm(directory, { recursive: true, force: true });
  }
}

/** Whether a file or folder exists. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
