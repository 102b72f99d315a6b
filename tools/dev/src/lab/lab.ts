import { spawnNode } from "../spawn-node.ts";

/** The main job on a real kernel: a QEMU lab host under software emulation. */
export const lab = (root: string, args: readonly string[]): Promise<number> =>
  spawnNode(root, "integration-tests/lab/main.ts", args);
