import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

const TEST_FILE = /\.test\.ts$/;
/** Bound on one file; a hung test fails instead of holding CI. */
const FILE_TIMEOUT_MS = 300_000;
/** Files at once: each may bring up a Postgres and a nats-server of its own, on two cores. */
const CONCURRENCY = 2;

function testFiles(root: string): readonly string[] {
  return ["packages", "integration-tests", "tools"]
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map(
        (name) => `${folder}/${name}`,
      ),
    )
    .filter((path) => TEST_FILE.test(path) && !path.includes("node_modules"))
    .sort();
}

/** Runs the test files whose path contains one of the patterns, or all. */
export async function test(root: string, patterns: readonly string[]): Promise<number> {
  const files = testFiles(root).filter(
    (path) => patterns.length === 0 || patterns.some((pattern) => path.includes(pattern)),
  );
  if (files.length === 0) {
    process.stderr.write(`dev: no test file's path contains ${patterns.join(" or ")}\n`);
    return 2;
  }
  const args = [
    "--test",
    `--test-concurrency=${CONCURRENCY}`,
    `--test-timeout=${FILE_TIMEOUT_MS}`,
    "--test-reporter=spec",
    "--disable-warning=ExperimentalWarning",
    ...files,
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: "inherit" });
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}
