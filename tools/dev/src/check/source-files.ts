import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface SourceFile {
  /** From the repository's root. */
  readonly path: string;
  readonly text: string;
  /** Tests and what only tests use: they may import development dependencies. */
  readonly isTest: boolean;
}

const TEST_FILE = /\.(test|sim\.test)\.ts$|\/testing\//;

/** All hand-written TypeScript below `folder`. */
export function sourceFiles(root: string, folder: string): readonly SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((name) => `${folder}/${name}`)
    .filter((path) => path.endsWith(".ts") && !/node_modules|\/gen\//.test(path))
    .sort()
    .map((path) => ({
      path,
      text: readFileSync(join(root, path), "utf8"),
      isTest: TEST_FILE.test(path),
    }));
}
