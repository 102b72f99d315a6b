import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleOnce } from "@switchyard/dev/bundle";

export interface Programs {
  /** One file: a process that is killed every second has to start quickly. */
  readonly agent: string;
  readonly controller: string;
  /** For NODE_COMPILE_CACHE, so that only the first start of a program compiles it. */
  readonly cacheFolder: string;
}

const pathOf = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** Bundles the agent's program into the folder; the controller's is run from its sources. */
export async function makePrograms(folder: string): Promise<Programs> {
  await mkdir(join(folder, "programs"));
  const agent = join(folder, "programs", "agent.mjs");
  await bundleOnce(pathOf("./agent-program.ts"), agent);
  return {
    agent,
    controller: pathOf("../../../packages/controller/src/main.ts"),
    cacheFolder: process.env["NODE_COMPILE_CACHE"] ?? join(folder, "compiled"),
  };
}
