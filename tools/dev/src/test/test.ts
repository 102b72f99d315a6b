import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RUN_BUNDLES } from "../package/bundle-once.ts";
import { ensureCurl } from "../setup/curl.ts";
import { ensureCompose, ensureDocker } from "../setup/docker.ts";
import { ensureNatsServer } from "../setup/nats-server.ts";

const TEST_FILE = /\.test\.ts$/;
/** Bound on one test; a hung one fails instead of holding CI. */
const TEST_TIMEOUT_MS = 300_000;
/** Files at once: each may bring up a Postgres and a nats-server of its own, on two cores. */
const CONCURRENCY = 2;
/** Files that may be looked at again; more failures than that are no matter of load. */
const AGAIN_MAX = 3;
const EXIT_USAGE = 2;

const WATCHDOG = new URL("file-watchdog.ts", import.meta.url).href;
const UNTRACKED_PROMISES = new URL("untracked-promises.ts", import.meta.url).href;
const FAILED_FILES = new URL("failed-files-reporter.ts", import.meta.url).href;

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

/**
 * Runs the test files whose path contains one of the patterns, or all. Where few files failed in CI they
 * run once more, each alone, and what passes then is named: a test that fails only beside others waits
 * for something that a loaded machine does not give it in time, and wants mending.
 */
export async function test(root: string, patterns: readonly string[]): Promise<number> {
  const files = testFiles(root).filter(
    (path) => patterns.length === 0 || patterns.some((pattern) => path.includes(pattern)),
  );
  if (files.length === 0) {
    process.stderr.write(`dev: no test file's path contains ${patterns.join(" or ")}\n`);
    return EXIT_USAGE;
  }
  const say = (line: string) => process.stderr.write(`dev: ${line}\n`);
  await ensureNatsServer(say);
  await ensureCurl(say);
  if (files.some((path) => path.startsWith("integration-tests/containers/"))) {
    await ensureDocker(say);
    await ensureCompose(say);
  }
  const first = await runFiles(root, files, CONCURRENCY);
  if (first.exitCode === 0 || process.env["CI"] !== "true") return first.exitCode;
  if (first.failed.length === 0 || first.failed.length > AGAIN_MAX) return first.exitCode;
  process.stdout.write(`\nrunning again, each alone: ${first.failed.join(", ")}\n`);
  const again = await runFiles(root, first.failed, 1);
  if (again.exitCode === 0) {
    process.stdout.write(`FLAKY under load, passed alone: ${first.failed.join(", ")}\n`);
  }
  return again.exitCode;
}

interface Run {
  readonly exitCode: number;
  readonly failed: readonly string[];
}

async function runFiles(root: string, files: readonly string[], concurrency: number): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), "sy-test-"));
  const list = join(folder, "failed");
  const bundles = join(folder, "bundles");
  mkdirSync(bundles);
  const args = [
    "--test",
    `--import=${WATCHDOG}`,
    `--import=${UNTRACKED_PROMISES}`,
    `--test-concurrency=${concurrency}`,
    `--test-timeout=${TEST_TIMEOUT_MS}`,
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
    `--test-reporter=${FAILED_FILES}`,
    `--test-reporter-destination=${list}`,
    "--disable-warning=ExperimentalWarning",
    ...files,
  ];
  try {
    const exitCode = await new Promise<number>((resolve, reject) => {
      const child = spawn(process.execPath, args, {
        cwd: root,
        stdio: "inherit",
        env: { ...process.env, [RUN_BUNDLES]: bundles },
      });
      child.on("error", reject);
      child.on("close", (code) => resolve(code ?? 1));
    });
    const failed = readFileSync(list, "utf8")
      .split("\n")
      .filter((line) => line !== "");
    return { exitCode, failed: failed.map((file) => file.replace(`${root}/`, "")) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
