import {
  AREA_READERS,
  type Command,
  type Host,
  HostFileError,
  readKernelLog,
} from "@switchyard/host";
import {
  DispatchError,
  itemsOf,
  SNAPSHOT_LIMITS,
  type SnapshotArea,
  type SnapshotFacts,
  SwitchyardError,
  type UnreadArea,
} from "@switchyard/model";
import type { Clock } from "@switchyard/runtime";

/** Longest that one snapshot may make its job wait. A warm server needs a tenth of a second. */
export const SNAPSHOT_TIMEOUT_MS = 5_000;

export interface TakenFacts {
  readonly facts: SnapshotFacts;
  readonly taken: readonly SnapshotArea[];
  readonly unread: readonly UnreadArea[];
  /** The whole kernel log; undefined where it could not be read. */
  readonly kernelLog: readonly string[] | undefined;
}

const tooLate = () => new DispatchError("COMMAND_TIMED_OUT", "the snapshot's time was up");

/** What the reading does not finish in time is left alone: it only looks. */
async function withinTime<Value>(
  { clock, endMs }: { readonly clock: Clock; readonly endMs: number },
  read: () => Promise<Value>,
): Promise<Value> {
  const leftMs = endMs - clock.monotonicMs();
  if (leftMs <= 0) throw tooLate();
  const done = new AbortController();
  const reading = read();
  reading.catch(() => undefined);
  try {
    return await Promise.race([
      reading,
      clock.sleep(leftMs, done.signal).then(() => Promise.reject(tooLate())),
    ]);
  } finally {
    done.abort();
  }
}

/** Programs are not given longer than the snapshot has. */
const hurried = (host: Host, clock: Clock, endMs: number): Host => ({
  ...delegate(host),
  run: (command: Command) => {
    const leftMs = Math.max(1, endMs - clock.monotonicMs());
    return host.run({ ...command, timeoutMs: Math.min(command.timeoutMs ?? leftMs, leftMs) });
  },
});

const delegate = (host: Host): Host => ({
  kind: host.kind,
  run: (command) => host.run(command),
  readFile: (path) => host.readFile(path),
  writeFile: (path, text, timeoutMs) => host.writeFile(path, text, timeoutMs),
  replaceFile: (path, text) => host.replaceFile(path, text),
  remove: (path) => host.remove(path),
  listFolder: (path) => host.listFolder(path),
  readLink: (path) => host.readLink(path),
  exists: (path) => host.exists(path),
  readRange: (path, offset, length) => host.readRange(path, offset, length),
  writeRange: (path, offset, bytes) => host.writeRange(path, offset, bytes),
  makeFolder: (path) => host.makeFolder(path),
  connectSocket: (path) => host.connectSocket(path),
  connectByteSocket: (path) => host.connectByteSocket(path),
  reboot: (reason) => host.reboot(reason),
});

/**
 * Reads the areas wanted and the kernel log, at most for {@link SNAPSHOT_TIMEOUT_MS}. Changes nothing, fails
 * never: what can't be read costs its own areas.
 */
export async function takeFacts(
  host: Host,
  clock: Clock,
  wanted: readonly SnapshotArea[],
): Promise<TakenFacts> {
  const time = { clock, endMs: clock.monotonicMs() + SNAPSHOT_TIMEOUT_MS };
  const quick = hurried(host, clock, time.endMs);
  let facts: SnapshotFacts = {};
  const unread: UnreadArea[] = [];
  // First: it is what is asked for when all else fails.
  const kernelLog = await withinTime(time, () => readKernelLog(quick)).catch(ifExpected);
  for (const { areas, read } of AREA_READERS) {
    const mine = areas.filter((area) => wanted.includes(area));
    if (mine.length === 0) continue;
    try {
      const found = await withinTime(time, () => read(quick));
      facts = { ...facts, ...found };
    } catch (error) {
      ifExpected(error);
      const message = error instanceof Error ? error.message : String(error);
      unread.push(...mine.map((area) => ({ area, message: cut(message) })));
    }
  }
  const { kept, tooMany } = bounded(facts);
  const refused = tooMany.map((area) => ({ area, message: `more than ${ITEMS_MAX} items` }));
  const taken = wanted.filter((area) => itemsOf(kept, area) !== undefined);
  return { facts: kept, taken, unread: [...unread, ...refused], kernelLog };
}

const ITEMS_MAX = SNAPSHOT_LIMITS.itemsMax;
const cut = (text: string): string => text.slice(0, SNAPSHOT_LIMITS.lineCharactersMax);

/** Areas of more items than a snapshot holds are left out. */
function bounded(facts: SnapshotFacts) {
  const entries = Object.entries(facts) as [SnapshotArea, Readonly<Record<string, unknown>>][];
  const isSmall = ([, items]: (typeof entries)[number]) => Object.keys(items).length <= ITEMS_MAX;
  return {
    kept: Object.fromEntries(entries.filter(isSmall)) as SnapshotFacts,
    tooMany: entries.filter((entry) => !isSmall(entry)).map(([area]) => area),
  };
}

/** A host that refuses is expected; anything else is a bug and passes. */
function ifExpected(error: unknown): undefined {
  if (error instanceof SwitchyardError || error instanceof HostFileError) return undefined;
  throw error;
}
