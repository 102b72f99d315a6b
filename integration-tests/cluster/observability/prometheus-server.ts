import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, waitFor } from "@switchyard/testkit";

/** One series of an answer. */
export interface QueriedSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** A Prometheus of this process, in a folder of its own. */
export interface Prometheus {
  /** @throws Error with what Prometheus says of the query */
  query(expression: string): Promise<readonly QueriedSeries[]>;
  /** States of its targets: `up`, `down` or `unknown`, and what their last scrape said. */
  targets(): Promise<readonly { readonly health: string; readonly lastError: string }[]>;
  stop(): Promise<void>;
}

const START_DEADLINE_MS = 30_000;
const OUTPUT_CHARS_MAX = 4_000;

async function ask(address: string, path: string): Promise<unknown> {
  const answer = await fetch(`http://${address}/api/v1/${path}`);
  const body = (await answer.json()) as { status: string; error?: string; data: unknown };
  if (body.status !== "success") throw new Error(body.error);
  return body.data;
}

/**
 * Starts Debian's prometheus.
 *
 * @param options.jobs addresses to scrape, by the name of the job
 * @param options.rules path of a file with rules
 */
export async function startPrometheus(options: {
  readonly jobs: Readonly<Record<string, readonly string[]>>;
  readonly rules: string;
}): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), "sy-prometheus-"));
  const address = `127.0.0.1:${await freePort()}`;
  const config = {
    global: { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" },
    rule_files: [options.rules],
    scrape_configs: Object.entries(options.jobs).map(([name, targets]) => ({
      job_name: name,
      static_configs: [{ targets }],
    })),
  };
  // JSON is YAML.
  await writeFile(join(folder, "prometheus.yml"), JSON.stringify(config));
  const child: ChildProcess = spawn(
    "prometheus",
    [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=${address}`,
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  let output = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-OUTPUT_CHARS_MAX);
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await waitFor(async () => (await fetch(`http://${address}/-/ready`)).ok, {
      deadlineMs: START_DEADLINE_MS,
      describe: () => output,
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    query: async (expression) => {
      const data = await ask(address, `query?query=${encodeURIComponent(expression)}`);
      return (data as { readonly result: readonly QueriedSeries[] }).result;
    },
    targets: async () => {
      const data = await ask(address, "targets?state=active");
      const { activeTargets } = data as {
        readonly activeTargets: readonly { health: string; lastError: string }[];
      };
      return activeTargets.map(({ health, lastError }) => ({ health, lastError }));
    },
    stop,
  };
}
