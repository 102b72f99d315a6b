import { CommandError } from "@switchyard/model";
import { arrayOf, numberOf, recordOf, textOf } from "../json.ts";
import type { QmpSession } from "./qmp.ts";

/*
 * A VM's way from one QEMU to another. @see qemu/qemu qapi/migration.json, qapi/block-core.json,
 * qapi/block-export.json; docs/interop/live-block-operations.rst
 */

/** Name of TLS credentials, of the disk's export and of its mirror, in each VM's own QEMU. */
const TLS_ID = "switchyard-tls";
const EXPORT_ID = "switchyard-disk";
const MIRROR_ID = "switchyard-mirror";
const MIRROR_NODE = "switchyard-target";

/** `none` before the first; `active` also while the guest is stopped for the last of it. */
export type MigrationState =
  | "none"
  | "active"
  | "pre-switchover"
  | "completed"
  | "failed"
  | "cancelled";

export interface MigrationProgress {
  readonly state: MigrationState;
  /** Why it failed, in QEMU's words. */
  readonly errorText: string | undefined;
  readonly transferredBytes: number;
  readonly remainingBytes: number;
  readonly totalBytes: number;
}

/**
 * `running`: not all is there yet; `ready`: all is, and what the guest writes goes to both; `whole`: it was ended
 * where it was ready; `broken`: it ended otherwise.
 */
export interface MirrorProgress {
  readonly state: "running" | "ready" | "whole" | "broken";
  readonly errorText: string | undefined;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

const STATES: Readonly<Record<string, MigrationState>> = {
  completed: "completed",
  failed: "failed",
  cancelled: "cancelled",
  "pre-switchover": "pre-switchover",
};

const hasClass = (error: unknown, words: RegExp): boolean =>
  error instanceof CommandError && words.test(String(error.metadata["stderr"] ?? ""));

/** Runs a command whose refusal in these words means that it is so already. */
async function unless(words: RegExp, run: () => Promise<unknown>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!hasClass(error, words)) throw error;
  }
}

export async function queryMigration(session: QmpSession): Promise<MigrationProgress> {
  const answer = recordOf(await session.execute("query-migrate"));
  const status = textOf(answer["status"]) ?? "none";
  const ram = recordOf(answer["ram"]);
  return {
    state: status === "none" ? "none" : (STATES[status] ?? "active"),
    errorText: textOf(answer["error-desc"]),
    transferredBytes: numberOf(ram["transferred"]) ?? 0,
    remainingBytes: numberOf(ram["remaining"]) ?? 0,
    totalBytes: numberOf(ram["total"]) ?? 0,
  };
}

/** Why QEMU would not migrate this VM, in its words. @see qapi/migration.json, query-migrate, blocked-reasons */
export async function queryMigrationBlockers(session: QmpSession): Promise<readonly string[]> {
  const answer = recordOf(await session.execute("query-migrate"));
  return arrayOf(answer["blocked-reasons"]).flatMap((reason) => textOf(reason) ?? []);
}

/** Of the one disk whose mirror is ours; undefined where there is none. @see qapi/job.json, query-jobs */
export async function queryMirror(session: QmpSession): Promise<MirrorProgress | undefined> {
  const jobs = arrayOf(await session.execute("query-jobs")).map(recordOf);
  const job = jobs.find((each) => each["id"] === MIRROR_ID);
  if (job === undefined) return undefined;
  const errorText = textOf(job["error"]);
  const hasEnded = job["status"] === "concluded" || job["status"] === "null";
  const ended = errorText === undefined ? "whole" : "broken";
  return {
    state: hasEnded ? ended : job["status"] === "ready" ? "ready" : "running",
    errorText,
    doneBytes: numberOf(job["current-progress"]) ?? 0,
    totalBytes: numberOf(job["total-progress"]) ?? 0,
  };
}

/**
 * Gives QEMU the key by which both ends of a move know each other. May run twice.
 *
 * @param folder holds `keys.psk`, one line `qemu:KEY`
 * @see qemu/qemu qapi/crypto.json, TlsCredsPskProperties
 */
export const addTlsKey = (
  session: QmpSession,
  { folder, endpoint }: { readonly folder: string; readonly endpoint: "server" | "client" },
): Promise<void> =>
  unless(/duplicate property/, () =>
    session.execute("object-add", {
      "qom-type": "tls-creds-psk",
      id: TLS_ID,
      dir: folder,
      endpoint,
    }),
  );

/** Takes the key away again; one that is gone is success. */
export const removeTlsKey = (session: QmpSession): Promise<void> =>
  unless(/not found/, () => session.execute("object-del", { id: TLS_ID }));

/**
 * Both ends alike: the receiving QEMU says over the same connection whether it could take what came, so that the
 * sending one never takes for done what is not. The sender stops once more before the last of it, for the disk.
 */
export async function prepareMigration(
  session: QmpSession,
  bounds: {
    readonly bytesPerSecond: number;
    readonly downtimeMs: number;
    readonly isSource: boolean;
  },
): Promise<void> {
  const capabilities = [
    { capability: "return-path", state: true },
    ...(bounds.isSource
      ? [
          { capability: "pause-before-switchover", state: true },
          { capability: "auto-converge", state: true },
        ]
      : []),
  ];
  await session.execute("migrate-set-capabilities", { capabilities });
  await session.execute("migrate-set-parameters", {
    "tls-creds": TLS_ID,
    ...(bounds.isSource && {
      "max-bandwidth": bounds.bytesPerSecond,
      "downtime-limit": bounds.downtimeMs,
    }),
  });
}

const tcp = (address: string, port: number): string => `tcp:${address}:${port}`;

/**
 * Listens for the guest's memory; what has begun to listen is left so.
 *
 * @returns false where the port is taken
 */
export async function listenForMemory(
  session: QmpSession,
  { address, port }: { readonly address: string; readonly port: number },
): Promise<boolean> {
  return isFree(() => session.execute("migrate-incoming", { uri: tcp(address, port) }));
}

/**
 * Offers a disk for writing to who has the key.
 *
 * @param node of the disk
 * @returns false where the port is taken
 */
export async function exportDisk(
  session: QmpSession,
  place: { readonly address: string; readonly port: number; readonly node: string },
): Promise<boolean> {
  const { address: host, port, node } = place;
  const addr = { type: "inet", data: { host, port: String(port) } };
  const start = { addr, "tls-creds": TLS_ID, "max-connections": 1 };
  if (!(await isFree(() => session.execute("nbd-server-start", start)))) return false;
  await session.execute("block-export-add", {
    ...{ type: "nbd", id: EXPORT_ID, name: EXPORT_ID },
    ...{ "node-name": node, writable: true },
  });
  return true;
}

async function isFree(listen: () => Promise<unknown>): Promise<boolean> {
  try {
    await listen();
    return true;
  } catch (error) {
    if (hasClass(error, /Address already in use/)) return false;
    throw error;
  }
}

/** Closes the disk's port; nobody listening is success. */
export const endExport = (session: QmpSession): Promise<void> =>
  unless(/not running/, () => session.execute("nbd-server-stop"));

/** The disk that is this file. @returns QEMU's names of the device and of the node; undefined: no such disk */
export async function findDiskNode(
  session: QmpSession,
  path: string,
): Promise<{ readonly device: string; readonly node: string } | undefined> {
  for (const each of arrayOf(await session.execute("query-block")).map(recordOf)) {
    const inserted = recordOf(each["inserted"]);
    const [device, node] = [textOf(each["device"]), textOf(inserted["node-name"])];
    if (inserted["file"] === path && device !== undefined && node !== undefined) {
      return { device, node };
    }
  }
  return undefined;
}

/**
 * Begins to copy a disk, and what the guest writes meanwhile, to where it is offered. Only what lies in the disk's
 * own file travels, not what it stands on. One that is under way goes on.
 */
export async function mirrorDisk(
  session: QmpSession,
  mirror: {
    readonly device: string;
    readonly address: string;
    readonly port: number;
    readonly bytesPerSecond: number;
  },
): Promise<void> {
  const { device, address, port, bytesPerSecond: speed } = mirror;
  await unless(/(?:Duplicate|already (?:in use|exists))/i, () =>
    session.execute("blockdev-add", {
      ...{ driver: "nbd", "node-name": MIRROR_NODE, export: EXPORT_ID, "tls-creds": TLS_ID },
      server: { type: "inet", host: address, port: String(port) },
    }),
  );
  await session.execute("blockdev-mirror", {
    ...{ "job-id": MIRROR_ID, device, target: MIRROR_NODE, sync: "top", speed },
    // Its end is to be looked at, also by an agent that was away.
    "auto-dismiss": false,
  });
}

/** Ends the copy where it is: complete where it was ready, else of no use. The end is seen by `queryMirror`. */
export const endMirror = (session: QmpSession, isForced: boolean): Promise<void> =>
  unless(/not found/, () =>
    session.execute("block-job-cancel", { device: MIRROR_ID, force: isForced }),
  );

/** Forgets a mirror that has ended, and lets go of the disk on the other host. May run twice. */
export async function forgetMirror(session: QmpSession): Promise<void> {
  await unless(/not found/, () => session.execute("job-dismiss", { id: MIRROR_ID }));
  await unless(/(?:Failed to find|not found)/, () =>
    session.execute("blockdev-del", { "node-name": MIRROR_NODE }),
  );
}

/** Begins to send memory and devices; returns at once. @throws CommandError COMMAND_FAILED with what blocks it */
export async function startMigration(
  session: QmpSession,
  { address, port }: { readonly address: string; readonly port: number },
): Promise<void> {
  await session.execute("migrate", { uri: tcp(address, port) });
}

/** Sends the last of it: from here the receiving QEMU may have all. */
export async function continueMigration(session: QmpSession): Promise<void> {
  await session.execute("migrate-continue", { state: "pre-switchover" });
}

/** Gives up what is under way; the guest goes on where it was. None under way is success. */
export async function cancelMigration(session: QmpSession): Promise<void> {
  await session.execute("migrate_cancel");
}

/** Lets a guest that stands still go on. One that runs is left so. @see qapi/misc.json, cont */
export async function continueGuest(session: QmpSession): Promise<void> {
  await session.execute("cont");
}
