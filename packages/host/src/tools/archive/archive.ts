import { tarExtract } from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { runChecked } from "../tool.ts";

/** A driver's archive has 260 MB; a slow disk takes minutes. */
const UNPACK_TIMEOUT_MS = 10 * 60_000;

/**
 * Unpacks an archive into a folder that is emptied first, without the archive's own first folder.
 * May run twice.
 *
 * @throws CommandError COMMAND_FAILED for a file that is no archive
 */
export async function unpackArchive(host: Host, path: string, folder: string): Promise<void> {
  await host.remove(folder);
  await host.makeFolder(folder);
  await runChecked(host, { argv: tarExtract(path, folder), timeoutMs: UNPACK_TIMEOUT_MS });
}
