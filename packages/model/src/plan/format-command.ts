import type { PlannedCommand } from "./step.ts";

const NEEDS_NO_QUOTES = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** A name that an earlier step of the plan has yet to make: `<representor pf0vf0>`. */
const PLACEHOLDER = /^<[^<>]+>$/;

function quote(word: string): string {
  if (NEEDS_NO_QUOTES.test(word) || PLACEHOLDER.test(word)) return word;
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * The command as a person would type it, quoted for a POSIX shell; a write reads `echo 2 > PATH`.
 * For showing only: nothing is ever run through a shell. Placeholders stay bare, so that they stand out.
 */
export function formatCommand(command: PlannedCommand): string {
  switch (command.kind) {
    case "run":
      return command.argv.map(quote).join(" ");
    case "write":
      return `echo ${quote(command.text)} > ${quote(command.path)}`;
  }
}
