import type { Machine } from "../machine/machine.ts";
import type { SimPackage } from "../machine/packages/package.ts";
import { findInstalled } from "../machine/packages/packages.ts";
import type { Call } from "./dnf-call.ts";
import { type Ended, failed, printed } from "./program.ts";

const LOCK_FILE = "/etc/dnf/plugins/versionlock.list";

/** Names whose version is pinned by `dnf versionlock`, as `NAME-VERSION`. */
function locks({ files }: Machine): readonly string[] {
  if (!files.isFile(LOCK_FILE)) return [];
  return files
    .read(LOCK_FILE)
    .split("\n")
    .map((line) => line.replace(/^\d+:|\.\*$/g, ""))
    .filter((line) => line !== "" && !line.startsWith("#"));
}

export const isLocked = (machine: Machine, each: SimPackage): boolean => {
  const own = locks(machine).filter((lock) => lock.startsWith(`${each.name}-`));
  const full = `${each.name}-${each.version}`;
  return own.length > 0 && !own.some((lock) => lock === full || lock.endsWith(full));
};

export function versionlock({ machine, words }: Call): Ended {
  if (findInstalled(machine, "python3-dnf-plugin-versionlock").length === 0) {
    return failed(
      "No such command: versionlock. Please use /usr/bin/dnf --help\n" +
        "It could be a DNF plugin command, try: \"dnf install 'dnf-command(versionlock)'\"",
    );
  }
  const [verb = "list", ...specs] = words;
  const before = locks(machine);
  const matching = specs.flatMap((spec) => findInstalled(machine, spec));
  const named = matching.map(({ name, version }) => `${name}-0:${version}.*`);
  const full = (each: string) => each.replace(/-0:/, "-");
  switch (verb) {
    case "list":
      return printed(before.map((each) => `${each}.*\n`).join(""));
    case "add":
      machine.files.write(
        LOCK_FILE,
        [...before, ...named.map((each) => full(each).replace(/\.\*$/, ""))]
          .map((each) => `${each}.*\n`)
          .join(""),
      );
      return printed(named.map((each) => `Adding versionlock on: ${each}\n`).join(""));
    case "delete": {
      const kept = before.filter((each) => !specs.some((spec) => each.startsWith(`${spec}-`)));
      machine.files.write(LOCK_FILE, kept.map((each) => `${each}.*\n`).join(""));
      return printed("");
    }
    default:
      machine.files.write(LOCK_FILE, "");
      return printed("");
  }
}
