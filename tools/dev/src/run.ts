import { type SpawnOptions, spawn } from "node:child_process";

export interface ToolOutcome {
  readonly exitCode: number;
  readonly output: string;
}

/** Runs a development tool and keeps what it prints; a signal counts as exit code 1, the end of its time too. */
export function runTool(
  argv: readonly [string, ...string[]],
  options: SpawnOptions & { readonly isEchoed?: boolean; readonly timeoutSeconds?: number },
): Promise<ToolOutcome> {
  const { isEchoed, timeoutSeconds, ...spawnOptions } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(argv[0], argv.slice(1), {
      ...spawnOptions,
      ...(timeoutSeconds !== undefined && { timeout: timeoutSeconds * 1_000 }),
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const take = (chunk: Buffer) => {
      output += chunk.toString();
      if (isEchoed) process.stderr.write(chunk);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", reject);
    child.on("close", (code) => resolve({ exitCode: code ?? 1, output }));
  });
}
