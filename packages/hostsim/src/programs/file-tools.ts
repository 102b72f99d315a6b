import { createHash } from "node:crypto";
import { note } from "../machine/act.ts";
import type { Machine } from "../machine/machine.ts";
import { type Ended, failed, type Invoked, printed } from "./program.ts";

/*
 * The programs of GNU coreutils that work on ordinary files. Texts: coreutils 8.32.
 */

const NO_FILE = "No such file or directory";

const operands = (args: readonly string[]): readonly string[] =>
  args.filter((arg) => !arg.startsWith("-"));

export const sha256Of = (text: string | Uint8Array): string =>
  createHash("sha256").update(text).digest("hex");

const sumOrAbsent = ({ files }: Machine, path: string): string =>
  files.isFile(path) ? sha256Of(files.readBytes(path)) : "absent";

/** sha256sum(1). */
export function sha256sum({ machine, args }: Invoked): Ended {
  const lines: string[] = [];
  for (const path of operands(args)) {
    if (!machine.files.isFile(path)) return failed(`sha256sum: ${path}: ${NO_FILE}`);
    lines.push(`${sumOrAbsent(machine, path)}  ${path}\n`);
  }
  return printed(lines.join(""));
}

/** cp(1) of one file; the copy is not executable. */
export function cp({ machine, args }: Invoked): Ended {
  const [source = "", target = ""] = operands(args);
  if (!machine.files.isFile(source)) return failed(`cp: cannot stat '${source}': ${NO_FILE}`);
  machine.files.remove(target);
  machine.files.writeBytes(target, machine.files.readBytes(source));
  return printed("");
}

/** mv(1) of one file. */
export function mv({ machine, act, args }: Invoked): Ended {
  const [source = "", target = ""] = operands(args);
  const { files } = machine;
  if (!files.isFile(source)) return failed(`mv: cannot stat '${source}': ${NO_FILE}`);
  const before = sumOrAbsent(machine, target);
  const mode = files.mode(source);
  files.writeBytes(target, files.readBytes(source));
  files.setMode(target, mode);
  files.remove(source);
  note(act, `file ${target}`, { before, after: sumOrAbsent(machine, target) });
  return printed("");
}

/** chmod(1) with an octal mode. */
export function chmod({ machine, args }: Invoked): Ended {
  const [mode = "", path = ""] = operands(args);
  if (!machine.files.isFile(path)) return failed(`chmod: cannot access '${path}': ${NO_FILE}`);
  machine.files.setMode(path, Number.parseInt(mode, 8));
  return printed("");
}
