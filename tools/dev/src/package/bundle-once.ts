import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { bundle } from "./bundle.ts";

/** Names the folder of the bundles of one run of tests, which `./dev test` makes and takes away. */
export const RUN_BUNDLES = "SWITCHYARD_RUN_BUNDLES";

/**
 * As `bundle`, but within one run of `./dev test` each program is made once and copied from then on: a dozen test files
 * want the same few. It goes by the run and not by the content of the sources, as reading these takes as long as
 * bundling. Elsewhere it bundles. May run twice, and in several processes at once.
 */
export async function bundleOnce(entry: string, outFile: string): Promise<void> {
  const folder = process.env[RUN_BUNDLES];
  if (folder === undefined) return bundle(entry, outFile);
  const words = `${entry}\0${basename(outFile)}`;
  const made = join(folder, createHash("sha256").update(words).digest("hex"));
  if (!(await isThere(made))) await makeWhole(entry, basename(outFile), made);
  await mkdir(dirname(outFile), { recursive: true });
  await cp(made, dirname(outFile), { recursive: true });
}

/** What is there under its name is whole. */
async function makeWhole(entry: string, file: string, made: string): Promise<void> {
  const work = await mkdtemp(`${made}-`);
  try {
    await bundle(entry, join(work, file));
    await rename(work, made).catch(async (error: unknown) => {
      // Another process was quicker with the same.
      if (!(await isThere(made))) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
