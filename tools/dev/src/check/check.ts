import { runTool } from "../run.ts";
import { checkGeneratedFiles } from "./generated-files.ts";
import { checkImports } from "./import-table.ts";
import { checkSeams } from "./seams.ts";

/** One check: its name, and what it found; an empty list is a pass. */
interface Check {
  readonly name: string;
  run(root: string): Promise<readonly string[]>;
}

function toolCheck(name: string, argv: readonly [string, ...string[]]): Check {
  return {
    name,
    run: async (root) => {
      const { exitCode, output } = await runTool(argv, { cwd: root });
      return exitCode === 0 ? [] : [output.trim()];
    },
  };
}

const CHECKS: readonly Check[] = [
  toolCheck("types", ["tsc", "-p", "tsconfig.json", "--pretty", "false"]),
  toolCheck("lint and format", ["biome", "check", "--error-on-warnings", "--max-diagnostics=50"]),
  { name: "import table", run: async (root) => checkImports(root) },
  { name: "seams", run: async (root) => checkSeams(root) },
  toolCheck("proto lint", ["buf", "lint"]),
  toolCheck("proto wire compatibility with main", [
    "buf",
    "breaking",
    "proto",
    "--against",
    ".git#branch=main,subdir=proto",
  ]),
  { name: "generated files", run: checkGeneratedFiles },
];

/** Runs every check and reports every failure, not the first. */
export async function check(root: string): Promise<number> {
  let failed = 0;
  for (const { name, run } of CHECKS) {
    const problems = await run(root);
    process.stdout.write(`${problems.length === 0 ? "ok  " : "FAIL"}  ${name}\n`);
    for (const problem of problems) process.stdout.write(`${problem}\n`);
    if (problems.length > 0) failed += 1;
  }
  process.stdout.write(`${CHECKS.length - failed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}
