import { cp, readFile } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import type { Plugin } from "esbuild";

/** Files that a program reads while it runs, and the place in its code that says where they are. */
interface Asset {
  /** Matches the path of the source that names the place. */
  readonly source: RegExp;
  /** The folder of files, relative to that source's folder. */
  readonly files: string;
  /** Folder beside the bundle. */
  readonly target: string;
  /** What the source says, and what it shall say in the bundle. */
  readonly says: RegExp;
  readonly becomes: string;
}

const ASSETS: readonly Asset[] = [
  {
    source: /packages\/store\/src\/schema\/migrate\.ts$/,
    files: "../../migrations",
    target: "migrations",
    says: /new URL\("\.\.\/\.\.\/migrations\/", import\.meta\.url\)/,
    becomes: 'new URL("./migrations/", import.meta.url)',
  },
  {
    source: /grpc-health-check\/build\/src\/health\.js$/,
    files: "../../proto",
    target: "grpc-health-check/proto",
    says: /\b__dirname\b/g,
    becomes: '(bundleFolder + "/grpc-health-check/build/src")',
  },
  {
    // They name their own folder's grandparent `build`, which holds a copy of the protos.
    source: /@grpc\/reflection\/build\/src\/implementations\/reflection-v1(alpha)?\.js$/,
    files: "../../proto",
    target: "grpc-reflection/proto",
    says: /\b__dirname\b/g,
    becomes: '(bundleFolder + "/grpc-reflection/src/implementations")',
  },
];

/** Puts the files that bundled code reads beside the bundle. */
export const assetsPlugin = (outFolder: string): Plugin => ({
  name: "assets",
  setup: (build) => {
    const copies = new Map<string, Promise<void>>();
    const copyOnce = (from: string, target: string): Promise<void> => {
      const copy = copies.get(target) ?? cp(from, join(outFolder, target), { recursive: true });
      copies.set(target, copy);
      return copy;
    };
    for (const asset of ASSETS) {
      build.onLoad({ filter: asset.source }, async ({ path }) => {
        const text = await readFile(path, "utf8");
        const contents = text.replace(asset.says, asset.becomes);
        if (contents === text) throw new Error(`${path} does not say where its files are`);
        await copyOnce(join(dirname(path), asset.files), asset.target);
        return { contents, loader: path.endsWith(`${sep}migrate.ts`) ? "ts" : "js" };
      });
    }
  },
});
