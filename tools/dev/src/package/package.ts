import { resolve } from "node:path";
import { makeImageContext } from "./image-context.ts";

const EXIT_USAGE = 2;

/**
 * `./dev package FOLDER`: every program as one file each, for /usr/lib/switchyard or as the folder that images are
 * built from; Node 24 runs them.
 */
export async function packagePrograms(root: string, args: readonly string[]): Promise<number> {
  const [folder, ...rest] = args;
  if (folder === undefined || rest.length > 0) {
    process.stderr.write("usage: ./dev package FOLDER\n");
    return EXIT_USAGE;
  }
  for (const path of await makeImageContext(root, resolve(folder))) {
    process.stdout.write(`${path}\n`);
  }
  return 0;
}
