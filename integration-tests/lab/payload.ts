import { constants } from "node:fs";
import { chmod, copyFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * Fills a folder to be shown to a lab host as `/payload`: the Node that runs this as `node`, and
 * each of `files` under its name there. May run twice.
 *
 * @param files name inside the payload → file on this machine
 */
export async function preparePayload(
  directory: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [name, source] of [["node", process.execPath] as const, ...Object.entries(files)]) {
    const target = join(directory, name);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(source, target, constants.COPYFILE_FICLONE);
  }
  await chmod(join(directory, "node"), 0o755);
}
