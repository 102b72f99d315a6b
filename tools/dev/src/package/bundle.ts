import { build } from "esbuild";

/** CommonJS dependencies call `require`, which an ES module does not have by itself. */
const REQUIRE_BANNER =
  'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);';

/** Makes one file of a program and all it imports; it needs nothing but Node beside it. */
export async function bundle(entry: string, outFile: string): Promise<void> {
  await build({
    entryPoints: [entry],
    outfile: outFile,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    banner: { js: REQUIRE_BANNER },
    external: ["pg-native"],
    logLevel: "warning",
  });
}
