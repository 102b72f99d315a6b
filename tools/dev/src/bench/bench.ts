import { spawnNode } from "../spawn-node.ts";

const BENCHES = ["dispatch", "fleet", "host", "placement", "telemetry"];
const EXIT_USAGE = 2;

/** Runs one benchmark; with `--json` stdout is one document and nothing else. */
export async function bench(root: string, args: readonly string[]): Promise<number> {
  const name = args[0];
  if (name === undefined || !BENCHES.includes(name)) {
    process.stderr.write(`dev: bench takes the name of a benchmark: ${BENCHES.join(", ")}\n`);
    return EXIT_USAGE;
  }
  return spawnNode(root, `integration-tests/bench/${name}/main.ts`, args.slice(1));
}
