import { note } from "../machine/act.ts";
import { type Ended, failed, type Invoked, printed } from "./program.ts";

/** ln(1), symbolic links only: `-s`, `-sf`, `-sfn`. */
export function ln({ machine, act, args }: Invoked): Ended {
  const { files } = machine;
  const options = args.filter((arg) => arg.startsWith("-") && arg !== "--").join("");
  const [target = "", path = ""] = args.filter((arg) => !arg.startsWith("-"));
  const before = files.findLink(path) ?? (files.isFile(path) ? "a file" : "absent");
  if (before !== "absent" && !options.includes("f")) {
    return failed(`ln: failed to create symbolic link '${path}': File exists`);
  }
  files.makeLink(path, target);
  note(act, `link ${path}`, { before, after: target });
  return printed("");
}
