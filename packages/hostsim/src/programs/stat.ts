import { distributionOf } from "../machine/packages/distribution.ts";
import type { Ended, Invoked } from "./program.ts";

interface FileStatus {
  readonly inode: number;
  readonly size: number;
  /** Permission bits. */
  readonly mode: number;
  /** Stands for the time of the last change, in whole seconds. */
  readonly changedAtS: number;
}

/** Files that change with the packages, and no other way, by the family whose they are. */
const PACKAGE_DATABASES: Readonly<Record<string, string>> = {
  "/var/lib/rpm/rpmdb.sqlite": "rhel",
  "/var/lib/dpkg/status": "debian",
};

function statusOf({ machine }: Invoked, path: string): FileStatus | undefined {
  const family = PACKAGE_DATABASES[path];
  if (family !== undefined) {
    const { serial } = machine.packages;
    const isOwn = distributionOf(machine).family === family;
    return isOwn ? { inode: 131, size: serial * 4096, mode: 0o644, changedAtS: serial } : undefined;
  }
  if (!machine.files.isFile(path)) return undefined;
  const size = machine.files.readBytes(path).length;
  const mode = machine.files.mode(path);
  return { inode: 132, size, mode, changedAtS: machine.files.revision(path) };
}

function format(template: string, path: string, status: FileStatus): string {
  const values: Readonly<Record<string, string>> = {
    a: status.mode.toString(8),
    n: path,
    i: String(status.inode),
    s: String(status.size),
    Y: String(status.changedAtS),
    ".9Y": `${status.changedAtS}.000000000`,
  };
  return template.replace(/%(\.9Y|[anisY])/g, (_, directive: string) => values[directive] ?? "");
}

/** stat(1) with `-c`. */
export function stat(invoked: Invoked): Ended {
  const { args } = invoked;
  const template = args[args.indexOf("-c") + 1] ?? "%n";
  const paths = args.filter((arg, at) => !arg.startsWith("-") && args[at - 1] !== "-c");
  const answers = paths.map((path) => ({ path, status: statusOf(invoked, path) }));
  const missing = answers.filter(({ status }) => status === undefined);
  return {
    exitCode: missing.length > 0 ? 1 : 0,
    stdout: answers
      .flatMap(({ path, status }) => (status === undefined ? [] : format(template, path, status)))
      .map((line) => `${line}\n`)
      .join(""),
    stderr: missing
      .map(({ path }) => `stat: cannot statx '${path}': No such file or directory\n`)
      .join(""),
  };
}
