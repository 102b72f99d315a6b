import { resolvePaths, writeInPlace } from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { runChecked } from "../tool.ts";

/**
 * Where each path leads once every link on the way is followed; its end need not exist.
 *
 * @throws CommandError COMMAND_FAILED
 */
export async function resolveLinks(
  host: Host,
  paths: readonly string[],
): Promise<readonly string[]> {
  const { stdout } = await runChecked(host, { argv: resolvePaths(paths) });
  return stdout.trimEnd().split("\n");
}

/**
 * Writes a file where it is, so that it keeps owner, mode and label; a new one gets the mode. May run twice.
 *
 * @throws CommandError COMMAND_FAILED
 */
export async function writeKept(
  host: Host,
  file: { readonly path: string; readonly text: string; readonly mode: number },
): Promise<void> {
  const { path, text, mode } = file;
  const isNew = !(await host.exists(path));
  await host.makeFolder(path.slice(0, path.lastIndexOf("/")));
  await runChecked(host, { argv: writeInPlace(path), stdin: text });
  if (isNew) await runChecked(host, { argv: ["chmod", mode.toString(8), "--", path] });
}
