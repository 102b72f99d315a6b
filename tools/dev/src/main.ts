import { bench } from "./bench/bench.ts";
import { check } from "./check/check.ts";
import { demo } from "./demo/demo.ts";
import { generate } from "./generate/generate.ts";
import { lab } from "./lab/lab.ts";
import { repositoryRoot } from "./root.ts";
import { test } from "./test/test.ts";

const USAGE = `usage: ./dev COMMAND

  demo [--once]        the main job on 6 simulated hosts; stays up, or with --once verifies and exits
  test [PATTERN…]      all tests that need no QEMU; PATTERN narrows by file path
  lab                  the main job on a real kernel in a QEMU lab host
  check                types, lint, format, import table, generated files
  bench NAME [--json]  a benchmark; NAME is one of: dispatch
  generate             makes packages/proto/src/gen from proto/
`;

/** A command takes the arguments after its name and answers with the exit status. */
type DevCommand = (root: string, args: readonly string[]) => Promise<number>;

const COMMANDS: Readonly<Record<string, DevCommand>> = {
  demo,
  test,
  lab,
  check,
  bench,
  generate: async (root) => {
    generate(root);
    return 0;
  },
};

const EXIT_USAGE = 2;

async function main(): Promise<number> {
  const [name, ...args] = process.argv.slice(2);
  const command = name === undefined ? undefined : COMMANDS[name];
  if (command === undefined) {
    process.stderr.write(
      name === undefined ? USAGE : `dev: there is no command "${name}"\n\n${USAGE}`,
    );
    return EXIT_USAGE;
  }
  return command(repositoryRoot, args);
}

process.exit(await main());
