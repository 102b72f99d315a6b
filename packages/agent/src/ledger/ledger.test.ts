import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { type Job, type JobId, parseHostId, parseJobId, SwitchyardError } from "@switchyard/model";
import { newUuid, seededRandom, silentLogger, systemClock } from "@switchyard/runtime";
import { createDisk, type Disk } from "../testing/disk.ts";
import { createFileStorage } from "./file-storage.ts";
import { encodeBatch, encodeFrame, scanFrames } from "./frames.ts";
import { openLedger, SEGMENT_BYTES_MAX } from "./ledger.ts";
import { createMemoryStorage } from "./memory-storage.ts";
import type { LedgerRecord } from "./records.ts";
import { ENDED_JOBS_MAX, FORGOTTEN_JOBS_MAX } from "./state.ts";
import type { LedgerStorage } from "./storage.ts";

const host = parseHostId("host-a");
const random = seededRandom(7);
const newJobId = (): JobId => parseJobId(newUuid(systemClock, random));
const jobOf = (id: JobId, epoch = 1): Job => ({ id, host, spec: { kind: "noop" }, epoch });
const open = (storage: LedgerStorage) => openLedger({ storage, log: silentLogger });

const accepted = (id: JobId, expireAtMs = 1_000): LedgerRecord => ({
  kind: "job",
  job: jobOf(id),
  expireAtMs,
  bootId: "boot-1",
});

const eventOf = (id: JobId, seq: number): LedgerRecord => ({
  kind: "event",
  event: { host, job: id, epoch: 1, seq, atMs: 5, body: { kind: "accepted", bootId: "boot-1" } },
});

const wholeJob = (id: JobId, expireAtMs?: number): readonly LedgerRecord[] => [
  accepted(id, expireAtMs),
  eventOf(id, 1),
  { kind: "sent", job: id, epoch: 1, seq: 1 },
  { kind: "end", job: id },
];

/** A step's record with a `before` of about `size` bytes. */
const bigIntent = (id: JobId, size: number): LedgerRecord => ({
  kind: "intent",
  job: id,
  step: "01-ensureVfCount",
  epoch: 1,
  inputDigest: "d",
  before: "x".repeat(size),
});

describe("scanFrames", () => {
  const bytes = (batch: number) =>
    Buffer.concat([encodeBatch(batch), encodeFrame(4, Buffer.from("payload"))]);

  it("takes a broken record of the last group commit for a torn tail", () => {
    const first = bytes(1);
    const scan = scanFrames(Buffer.concat([first, bytes(2).subarray(0, -3)]));
    assert.equal(scan.end, "torn");
    assert.equal(scan.frames.length, 1);
    assert.ok(scan.size >= first.length);
  });

  it("takes a broken record before a later group commit for damage", () => {
    const damaged = bytes(1);
    damaged[damaged.length - 1] = 0;
    assert.equal(scanFrames(Buffer.concat([damaged, bytes(2)])).end, "corrupt");
  });

  it("takes preallocated zeros for the end", () => {
    assert.equal(scanFrames(Buffer.concat([bytes(1), Buffer.alloc(4096)])).end, "clean");
  });
});

describe("openLedger", () => {
  let disk: Disk;
  beforeEach(() => {
    disk = createDisk();
  });

  const newest = () => disk.names().at(-1) ?? "";

  it("finds again what was appended", async () => {
    const id = newJobId();
    const ledger = await open(disk.mount());
    await ledger.append([accepted(id), eventOf(id, 1), bigIntent(id, 10)]);
    await ledger.append([
      { kind: "done", job: id, step: "01-ensureVfCount", outcome: { changed: true, bootId: "b" } },
      { kind: "seen", hostEpoch: 3, generations: { host: 9 }, expiryFloorMs: 0 },
    ]);
    const { state } = await open(disk.mount());
    const entry = state.job(id);
    assert.deepEqual(entry?.job, jobOf(id));
    assert.equal(entry?.steps.get("01-ensureVfCount")?.outcome?.changed, true);
    assert.equal(entry?.events.length, 1);
    assert.equal(state.hostEpoch, 3);
    assert.equal(state.generation("host"), 9);
  });

  it("shares one sync between appends made together", async () => {
    const ledger = await open(disk.mount());
    const before = disk.syncCount;
    await Promise.all(Array.from({ length: 50 }, () => ledger.append([accepted(newJobId())])));
    assert.ok(disk.syncCount - before <= 2, `${disk.syncCount - before} syncs`);
  });

  it("keeps every acknowledged record when power is lost at any time", async () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const chance = seededRandom(seed);
      const ownDisk = createDisk();
      const ledger = await open(ownDisk.mount());
      const kept: JobId[] = [];
      const count = 1 + Math.floor(chance.float() * 10);
      for (let index = 0; index < count; index += 1) {
        const id = newJobId();
        await ledger.append([accepted(id)]);
        kept.push(id);
      }
      void ledger.append([accepted(newJobId()), accepted(newJobId())]);
      ownDisk.loseUnsynced(chance);
      const { state, trouble } = await open(ownDisk.mount());
      assert.equal(trouble, undefined, `seed ${seed}`);
      for (const id of kept) assert.notEqual(state.job(id), undefined, `seed ${seed}`);
    }
  });

  it("cuts a torn tail and appends behind it", async () => {
    const [first, second] = [newJobId(), newJobId()];
    const ledger = await open(disk.mount());
    await ledger.append([accepted(first)]);
    const { size } = scanFrames(disk.read(newest()));
    disk.overwrite(
      newest(),
      Buffer.concat([disk.read(newest()).subarray(0, size), Buffer.from("torn record")]),
    );
    const again = await open(disk.mount());
    await again.append([accepted(second)]);
    const { state } = await open(disk.mount());
    assert.deepEqual(
      [...state.jobs()].map(({ job }) => job.id),
      [first, second],
    );
  });

  it("refuses everything when a record before the last group commit is broken", async () => {
    const ledger = await open(disk.mount());
    await ledger.append([accepted(newJobId())]);
    await ledger.append([accepted(newJobId())]);
    const bytes = disk.read(newest()).slice();
    bytes[40] = (bytes[40] ?? 0) ^ 0xff;
    disk.overwrite(newest(), bytes);
    const broken = await open(disk.mount());
    assert.equal(broken.trouble, "LEDGER_CORRUPT");
    await assert.rejects(broken.append([]), { reason: "LEDGER_CORRUPT" });
    assert.deepEqual(disk.read(newest()), bytes);
  });

  it("replaces a long segment by one with what still counts", async () => {
    const ledger = await open(disk.mount());
    const live = newJobId();
    await ledger.append([accepted(live), eventOf(live, 1), bigIntent(live, 100)]);
    for (let written = 0; written < 2 * SEGMENT_BYTES_MAX; written += 100_000) {
      const id = newJobId();
      await ledger.append([accepted(id), bigIntent(id, 100_000), ...wholeJob(id).slice(1)]);
    }
    await ledger.append([accepted(newJobId())]);
    assert.equal(disk.names().length, 1);
    const { state } = await open(disk.mount());
    assert.equal(state.job(live)?.steps.size, 1);
    assert.equal(state.job(live)?.events.length, 1);
    assert.ok([...state.jobs()].length >= ENDED_JOBS_MAX);
  });

  it("notices damage inside a segment that was replaced as a whole", async () => {
    const ledger = await open(disk.mount());
    const id = newJobId();
    await ledger.append([accepted(id), bigIntent(id, SEGMENT_BYTES_MAX)]);
    const bytes = disk.read(newest()).slice();
    bytes[1_000] = (bytes[1_000] ?? 0) ^ 0xff;
    disk.overwrite(newest(), bytes);
    assert.equal((await open(disk.mount())).trouble, "LEDGER_CORRUPT");
  });

  it("takes the newer of two segments when a crash left both", async () => {
    const ledger = await open(disk.mount());
    const id = newJobId();
    await ledger.append([accepted(id)]);
    const old = disk.read(newest()).slice();
    const oldName = newest();
    await ledger.append([bigIntent(id, SEGMENT_BYTES_MAX)]);
    assert.notEqual(newest(), oldName);
    disk.overwrite(oldName, old);
    const again = await open(disk.mount());
    assert.equal(again.state.job(id)?.steps.size, 1);
    await again.append([accepted(newJobId())]);
    assert.equal(disk.names().length, 1);
  });

  it("still writes DONE on a full disk, refuses new jobs, and recovers", async () => {
    const ledger = await open(disk.mount());
    const id = newJobId();
    await ledger.append([accepted(id)]);
    disk.capacity = disk.read(newest()).length;
    while (ledger.trouble === undefined) await ledger.append([bigIntent(id, 20_000)]);
    assert.equal(ledger.trouble, "LEDGER_FULL");
    const outcome = { changed: true, bootId: "b" };
    await ledger.append([{ kind: "done", job: id, step: "01-ensureVfCount", outcome }]);
    const { state } = await open(disk.mount());
    assert.deepEqual(state.job(id)?.steps.get("01-ensureVfCount")?.outcome, outcome);

    disk.capacity = Number.POSITIVE_INFINITY;
    const later = await open(disk.mount());
    await later.append([]);
    assert.equal(later.trouble, undefined);
  });

  it("says LEDGER_FULL and nothing else once the reserve is used up too", async () => {
    const ledger = await open(disk.mount());
    const id = newJobId();
    disk.capacity = disk.read(newest()).length;
    const fill = async () => {
      for (let turn = 0; turn < 100; turn += 1) await ledger.append([bigIntent(id, 20_000)]);
    };
    await assert.rejects(
      fill(),
      (error) => error instanceof SwitchyardError && error.reason === "LEDGER_FULL",
    );
    await assert.rejects(ledger.append([]), { reason: "LEDGER_FULL" });
  });

  it("forgets old jobs in steps, and never takes one that it forgot wholly for new", async () => {
    const ledger = await open(disk.mount());
    const first = newJobId();
    await ledger.append(wholeJob(first, 777));
    const total = ENDED_JOBS_MAX + 5;
    for (let index = 0; index < total; index += 1) await ledger.append(wholeJob(newJobId(), 888));
    assert.equal(ledger.state.job(first), undefined);
    assert.equal(ledger.state.forgotten(first)?.epoch, 1);
    assert.equal(ledger.state.forgotten(first)?.lastEvent?.seq, 1);

    const many = Array.from({ length: FORGOTTEN_JOBS_MAX }, () => wholeJob(newJobId(), 888));
    await ledger.append(many.flat());
    assert.equal(ledger.state.forgotten(first), undefined);
    assert.ok(ledger.state.expiryFloorMs >= 777);
  });
});

describe("createMemoryStorage", () => {
  it("keeps a ledger from one agent to the next", async () => {
    const storage = createMemoryStorage();
    const ids = [newJobId(), newJobId()];
    for (const id of ids) {
      const ledger = await open(storage);
      await ledger.append([accepted(id), bigIntent(id, SEGMENT_BYTES_MAX)]);
      await ledger.close();
    }
    const { state } = await open(storage);
    assert.deepEqual(
      [...state.jobs()].map(({ job }) => job.id),
      ids,
    );
  });
});

describe("createFileStorage", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "ledger-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("keeps a ledger on a real file system, compaction included", async () => {
    const id = newJobId();
    const ledger = await open(createFileStorage(folder));
    await ledger.append([accepted(id), eventOf(id, 1)]);
    await ledger.append([bigIntent(id, SEGMENT_BYTES_MAX)]);
    ledger.appendLazily([{ kind: "sent", job: id, epoch: 1, seq: 1 }]);
    await ledger.close();
    const again = await open(createFileStorage(folder));
    assert.equal(again.state.job(id)?.steps.size, 1);
    assert.equal(again.state.job(id)?.sentSeq, 1);
    await again.close();
  });
});
