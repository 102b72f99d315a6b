import { dirname } from "node:path";
import { build } from "esbuild";
import { assetsPlugin } from "./assets.ts";

/** CommonJS dependencies call `require`, which an ES module does not have by itself. */
const BANNER =
  'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url); const bundleFolder = import.meta.dirname;';

/**
 * Makes one file of a program and all it imports; it needs nothing but Node beside it, and where it reads files
 * while it runs those in folders next to it.
 */
export async function bundle(entry: string, outFile: string): Promise<void> {
  await build({
    entryPoints: [entry],
    outfile: outFile,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    banner: { js: BANNER },
    external: ["pg-native"],
    plugins: [assetsPlugin(dirname(outFile))],
    logLevel: "warning",
  });
}
