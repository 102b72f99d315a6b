import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createLife } from "@switchyard/hostsim";
import { seededRandom, silentLogger } from "@switchyard/runtime";
import { createDisk } from "../../testing/disk.ts";
import { FRAMES_PER_SEGMENT, openRing, type Ring } from "./ring.ts";
import type { Frame } from "./segment.ts";

const SEED = Number(process.env["SEED"] ?? 20_261_127);
const log = silentLogger;

const frame = (number: number, size = 100): Frame => {
  const bytes = new Uint8Array(size).fill(number % 251);
  new DataView(bytes.buffer).setUint32(0, number);
  return { bytes, sampleCount: 10 };
};
const numberOf = ({ bytes }: Frame): number =>
  new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);

async function fill(ring: Ring, from: number, to: number, size?: number): Promise<void> {
  for (let number = from; number <= to; number += 1) await ring.append(frame(number, size));
}

async function drain(ring: Ring, max = Number.POSITIVE_INFINITY): Promise<number[]> {
  const numbers: number[] = [];
  while (numbers.length < max) {
    const next = await ring.next();
    if (next === undefined) break;
    numbers.push(numberOf(next));
    await ring.confirm();
  }
  return numbers;
}

const upTo = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe("ring", () => {
  it("gives frames in order, each until it is confirmed", async () => {
    for (const storage of [undefined, createDisk().mount()]) {
      const ring = await openRing({ storage, log });
      await fill(ring, 1, 100);
      assert.equal(numberOf((await ring.next())!), 1);
      assert.deepEqual(await drain(ring, 40), upTo(1, 40));
      await fill(ring, 101, 110);
      assert.equal(ring.state().sampleCount, 700);
      assert.deepEqual(await drain(ring), upTo(41, 110));
      assert.deepEqual([ring.state().bytes, ring.state().droppedCount], [0, 0]);
    }
  });

  it("keeps nothing on disk that was confirmed, but the segment it writes", async () => {
    const disk = createDisk();
    const ring = await openRing({ storage: disk.mount(), log });
    await fill(ring, 1, 5 * FRAMES_PER_SEGMENT + 1);
    await drain(ring);
    assert.equal(disk.names().length, 1);
  });

  it("drops the oldest segments when it is full, and counts their samples", async () => {
    const disk = createDisk();
    const ring = await openRing({ storage: disk.mount(), log, bytesMax: 100_000 });
    await fill(ring, 1, 1_000, 984);
    const size = disk.names().reduce((sum, name) => sum + disk.read(name).length, 0);
    assert.ok(size <= 100_000, `${size} bytes`);
    const { droppedCount, sampleCount } = ring.state();
    assert.equal(droppedCount + sampleCount, 10_000);
    const kept = await drain(ring);
    assert.deepEqual(kept, upTo(1_001 - kept.length, 1_000));
    assert.equal(kept[0]! % FRAMES_PER_SEGMENT, 1);
  });

  it(`loses no whole frame in a kill, wherever it hits (seed ${SEED})`, async () => {
    const random = seededRandom(SEED);
    for (let round = 0; round < 40; round += 1) {
      const disk = createDisk();
      const life = createLife();
      const ring = await openRing({ storage: disk.mount(life), log });
      const count = 1 + Math.floor(random.float() * 3 * FRAMES_PER_SEGMENT);
      await fill(ring, 1, count);
      const confirmed = (await drain(ring, Math.floor(random.float() * count))).length;
      life.kill();
      const name = disk.names().at(-1)!;
      const bytes = disk.read(name);
      const torn = Math.floor(random.float() * 116);
      disk.overwrite(name, new Uint8Array([...bytes, ...new Uint8Array(torn).fill(7)]));
      const again = await openRing({ storage: disk.mount(), log });
      const left = await drain(again);
      // Confirmed ones of a segment not done with may come again; nothing that was not confirmed is missing.
      assert.deepEqual(left, upTo(count - left.length + 1, count), `round ${round}`);
      assert.ok(left.length >= count - confirmed, `round ${round}`);
      assert.ok(left.length < count - confirmed + FRAMES_PER_SEGMENT, `round ${round}`);
      assert.equal(again.state().badCount, torn > 0 ? 1 : 0);
      await fill(again, count + 1, count + 5);
      assert.deepEqual(await drain(again), upTo(count + 1, count + 5));
    }
  });

  it("skips a damaged frame, counts it, and goes on behind it", async () => {
    const disk = createDisk();
    await fill(await openRing({ storage: disk.mount(), log }), 1, 5);
    const name = disk.names()[0]!;
    const bytes = disk.read(name).slice();
    bytes[2 * 116 + 50]! ^= 0xff;
    disk.overwrite(name, bytes);
    const ring = await openRing({ storage: disk.mount(), log });
    assert.deepEqual(await drain(ring), [1, 2, 4, 5]);
    assert.equal(ring.state().badCount, 1);
  });

  it("waits in memory, within its bound, while the disk is full, and on disk after that", async () => {
    const said: string[] = [];
    const note = (_fields: object, message: string) => void said.push(message);
    const disk = createDisk();
    disk.capacity = 50;
    const ring = await openRing({
      storage: disk.mount(),
      log: { ...silentLogger, warn: note, info: note },
      memoryBytesMax: 20_000,
    });
    await fill(ring, 1, 1_000);
    const { isOnDisk, bytes, droppedCount } = ring.state();
    assert.equal(isOnDisk, false);
    assert.ok(bytes <= 20_000 + FRAMES_PER_SEGMENT * 100, `${bytes} bytes`);
    assert.ok(droppedCount > 0);
    disk.capacity = Number.POSITIVE_INFINITY;
    await fill(ring, 1_001, 1_100);
    assert.equal(ring.state().isOnDisk, true);
    const left = await drain(ring);
    assert.deepEqual(left, upTo(1_101 - left.length, 1_100));
    assert.deepEqual(said, [
      "the disk is full: telemetry waits in memory",
      "telemetry waits on the disk again",
    ]);
  });
});
