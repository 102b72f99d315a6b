import { spawn } from "node:child_process";

/** Runs a TypeScript program of the repository with this Node; its streams are ours. */
export function spawnNode(root: string, program: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", program, ...args],
      {
        cwd: root,
        stdio: "inherit",
      },
    );
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}
