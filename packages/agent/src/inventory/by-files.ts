import { type Host, readFileStamp } from "@switchyard/host";
import { CommandError } from "@switchyard/model";
import type { ReadCache } from "./read-cache.ts";

/**
 * What `read` gave while the files were the same: none came, went or was written. Read anew each
 * time where files can't be compared.
 *
 * @param files absent ones count as well
 */
export async function cachedByFiles<Value>(
  by: {
    readonly host: Host;
    readonly cache: ReadCache;
    readonly key: string;
    readonly files: readonly string[];
  },
  read: () => Promise<Value>,
): Promise<Value> {
  const { host, cache, key, files } = by;
  try {
    const stamp = await readFileStamp(host, files);
    return await cache.get(key, `${files.join(" ")}\n${stamp}`, read);
  } catch (error) {
    if (error instanceof CommandError && error.reason === "COMMAND_NOT_STARTED") return read();
    throw error;
  }
}
