import {
  dnfRepositories,
  enabledRepositories,
  setRepositoryEnabled,
} from "../machine/packages/repositories.ts";
import type { Call } from "./dnf-call.ts";
import { type Ended, failed, printed } from "./program.ts";

/** The enabled repository that does not answer, in dnf's words; a call that only reads its cache is not told. */
export function unreachable({ machine, options }: Call): Ended | undefined {
  if (options.includes("-C") || options.includes("--cacheonly")) return undefined;
  const dead = enabledRepositories(machine).find((id) =>
    machine.spec.packages.unreachable.includes(id),
  );
  if (dead === undefined) return undefined;
  const text =
    `Curl error (6): Couldn't resolve host name for https://mirrors.example/${dead} ` +
    "[Could not resolve host: mirrors.example]";
  return failed(
    `Errors during downloading metadata for repository '${dead}':\n  - ${text}\n` +
      `Error: Failed to download metadata for repo '${dead}': Cannot prepare internal mirrorlist: ${text}`,
  );
}

export function repolist({ machine, options }: Call): Ended {
  const isAll = options.includes("--all");
  const rows = dnfRepositories(machine)
    .filter(({ isEnabled }) => isAll || isEnabled)
    .map(({ id, name, isEnabled }) => {
      const status = isAll ? `${name.padEnd(60)}${isEnabled ? "enabled" : "disabled"}` : name;
      return `${id.padEnd(28)}${status}\n`;
    });
  const heading = `${"repo id".padEnd(28)}repo name\n`;
  return printed(rows.length === 0 ? "" : heading + rows.toSorted().join(""));
}

/** The plugin takes `--enable` and `--set-enabled` alike. */
export function configManager({ machine, act, options, words }: Call): Ended {
  const isEnabled = options.some((each) => each === "--set-enabled" || each === "--enable");
  for (const id of words) {
    const entry = dnfRepositories(machine).find((each) => each.id === id);
    if (entry === undefined) return failed(`Error: No matching repo to modify: ${id}.`);
    setRepositoryEnabled(machine, id, isEnabled);
    const word = (value: boolean) => (value ? "enabled" : "disabled");
    if (entry.isEnabled !== isEnabled) {
      const change = { before: word(entry.isEnabled), after: word(isEnabled) };
      act.changes.push({ object: `repository ${id}`, ...change });
    }
  }
  return printed("");
}
