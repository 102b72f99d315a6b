import { type Ended, failed, type Invoked, printed } from "./program.ts";

/** dd(1), of bytes of a file: `if=`, `of=`, `bs=`, `skip=`, `count=` with `skip_bytes,count_bytes`. */
export function dd({ machine: { files }, args }: Invoked): Ended {
  const words = new Map(args.map((arg) => arg.split(/=(.*)/s) as [string, string]));
  const source = words.get("if") ?? "";
  const target = words.get("of");
  if (!files.isFile(source)) {
    return failed(`dd: failed to open '${source}': No such file or directory`);
  }
  const flags = (words.get("iflag") ?? "").split(",");
  const block = Number(words.get("bs") ?? 512);
  const unit = (flag: string) => (flags.includes(flag) ? 1 : block);
  const first = Number(words.get("skip") ?? 0) * unit("skip_bytes");
  const count = words.get("count");
  const last = count === undefined ? undefined : first + Number(count) * unit("count_bytes");
  const piece = Buffer.from(files.read(source)).subarray(first, last).toString();
  if (target === undefined) return printed(piece);
  files.write(target, piece);
  return printed("");
}

/** truncate(1) with `--size=0`. */
export function truncate({ machine: { files }, args }: Invoked): Ended {
  const path = args.at(-1) ?? "";
  if (!args.includes("--size=0")) return failed("truncate: you must specify '--size=0' here");
  if (files.isFile(path)) files.write(path, "");
  return printed("");
}
