import { repositoryRoot } from "./root.ts";

const USAGE = `usage: ./dev COMMAND

  demo [--once]        the main job on 6 simulated hosts; stays up, or with --once verifies and exits
  replay FILE [--check]
                       a simulated host as an exported snapshot says, with agent and controller
  test [PATTERN…]      all tests that need no QEMU; PATTERN narrows by file path
  lab                  the main job on a real kernel in a QEMU lab host
  check                types, lint, format, import table, generated files
  bench NAME [--json]  a benchmark; NAME is one of: dispatch, fleet, host, placement, telemetry
  package FOLDER       every program as one file, as installed and put into images
  generate             makes packages/proto/src/gen from proto/
`;

/** A command takes the arguments after its name and answers with the exit status. */
type DevCommand = (root: string, args: readonly string[]) => Promise<number>;

/** Each is loaded when it is used: `generate` must run while code does not fit the generated files yet. */
const COMMANDS: Readonly<Record<string, () => Promise<DevCommand>>> = {
  demo: async () => (await import("./demo/demo.ts")).demo,
  replay: async () => (await import("./replay/replay.ts")).replay,
  test: async () => (await import("./test/test.ts")).test,
  lab: async () => (await import("./lab/lab.ts")).lab,
  check: async () => (await import("./check/check.ts")).check,
  bench: async () => (await import("./bench/bench.ts")).bench,
  package: async () => (await import("./package/package.ts")).packagePrograms,
  generate: async () => {
    const { generate } = await import("./generate/generate.ts");
    return async (root) => {
      generate(root);
      return 0;
    };
  },
};

const EXIT_USAGE = 2;

async function main(): Promise<number> {
  const [name, ...args] = process.argv.slice(2);
  const load = name === undefined ? undefined : COMMANDS[name];
  if (load === undefined) {
    process.stderr.write(
      name === undefined ? USAGE : `dev: there is no command "${name}"\n\n${USAGE}`,
    );
    return EXIT_USAGE;
  }
  return (await load())(repositoryRoot, args);
}

process.exit(await main());
