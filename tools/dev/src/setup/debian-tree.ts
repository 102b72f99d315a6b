import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runTool } from "../run.ts";

/** apt with lists and archives of its own, so that it needs no root and no list on the machine. */
function privateApt(folder: string, ...args: string[]): [string, ...string[]] {
  for (const name of ["lists/partial", "archives/partial"])
    mkdirSync(join(folder, name), { recursive: true });
  return [
    "apt-get",
    "-o",
    `Dir::State::lists=${join(folder, "lists")}`,
    "-o",
    `Dir::Cache=${folder}`,
    "-o",
    "APT::Sandbox::User=",
    "-qq",
    ...args,
  ];
}

/** By the machine's lists, else by new ones. */
async function download(work: string, packages: readonly string[]): Promise<string | undefined> {
  const atOnce: [string, ...string[]] = ["apt-get", "-qq", "-o", "APT::Sandbox::User=", "download"];
  if ((await runTool([...atOnce, ...packages], { cwd: work })).exitCode === 0) return undefined;
  for (const args of [["update"], ["download", ...packages]]) {
    const { exitCode, output } = await runTool(privateApt(work, ...args), { cwd: work });
    if (exitCode !== 0) return output.trim();
  }
  return undefined;
}

/** A tree of packages. */
export interface PackageTree {
  readonly packages: readonly string[];
  /** Folder that is made. */
  readonly target: string;
}

/**
 * Downloads packages of the distribution, each once, and unpacks them into trees, without their scripts; needs no
 * root.
 *
 * @param parent existing folder for what comes and goes meanwhile
 * @returns what went wrong, undefined when nothing did
 */
export async function unpackPackages(
  parent: string,
  trees: readonly PackageTree[],
): Promise<string | undefined> {
  const work = mkdtempSync(join(parent, "unpack-"));
  const packages = [...new Set(trees.flatMap((tree) => tree.packages))];
  try {
    const problem = await download(work, packages);
    if (problem !== undefined) return problem;
    const archives = readdirSync(work).filter((name) => name.endsWith(".deb"));
    for (const { packages: wanted, target } of trees) {
      for (const name of wanted) {
        const archive = archives.find((each) => each.startsWith(`${name}_`));
        if (archive === undefined) return `apt-get downloaded no ${name}`;
        mkdirSync(target, { recursive: true });
        const unpack = await runTool(["dpkg", "-x", archive, target], { cwd: work });
        if (unpack.exitCode !== 0) return unpack.output.trim();
      }
    }
    return undefined;
  } catch (error) {
    return String(error);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
