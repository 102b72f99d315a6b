import { resolve } from "node:path";
import { bundleProgram, PROGRAM_NAMES } from "./programs.ts";

const EXIT_USAGE = 2;

/** `./dev package FOLDER`: every program as one file each, for /usr/lib/switchyard; Node 24 runs them. */
export async function packagePrograms(root: string, args: readonly string[]): Promise<number> {
  const [folder, ...rest] = args;
  if (folder === undefined || rest.length > 0) {
    process.stderr.write("usage: ./dev package FOLDER\n");
    return EXIT_USAGE;
  }
  for (const name of PROGRAM_NAMES) {
    process.stdout.write(`${await bundleProgram(root, name, resolve(folder))}\n`);
  }
  return 0;
}
