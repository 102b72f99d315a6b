import type { Logger } from "@switchyard/runtime";
import { isNoSpace, type LedgerFile, type LedgerStorage } from "../../ledger/storage.ts";
import { encodeFrame, type Frame, scanSegment } from "./segment.ts";

/** What the ring holds on disk at most; some hours of a busy host. */
export const RING_BYTES_MAX = 16 * 1024 * 1024;
/** What it holds where it can't write: there is no disk of its own, or that is full. */
export const MEMORY_BYTES_MAX = 1024 * 1024;
/** A segment begins with a batch that names all series, so that it can be read without those before it. */
export const FRAMES_PER_SEGMENT = 32;
const SEGMENT_BYTES_MAX = 512 * 1024;

export interface RingState {
  /** Of batches that nobody confirmed yet. */
  readonly bytes: number;
  readonly sampleCount: number;
  /** Samples given up since the ring was opened. */
  readonly droppedCount: number;
  /** Frames that could not be read back. */
  readonly badCount: number;
  readonly isOnDisk: boolean;
}

/** Batches from when they are made until the broker has them. The oldest are dropped when it is full. */
export interface Ring {
  /** Whether the next frame begins a segment, and so must name all series. */
  beginsSegment(): boolean;
  /** Never rejects: what can't be written is kept in memory. */
  append(frame: Frame): Promise<void>;
  /** The oldest frame that is not confirmed; undefined when there is none. */
  next(): Promise<Frame | undefined>;
  /** The broker has the frame that `next` gave last. */
  confirm(): Promise<void>;
  state(): RingState;
  close(): Promise<void>;
}

interface Segment {
  /** Its file; undefined: it never had one. */
  readonly name: string | undefined;
  /** Whether all its frames are in the file. */
  isOnDisk: boolean;
  /** Those not confirmed, oldest first; undefined while they are on disk only. */
  frames: Frame[] | undefined;
  confirmedCount: number;
  /** Of frames not confirmed. */
  bytes: number;
  sampleCount: number;
  /** Of all frames ever appended. */
  frameCount: number;
  size: number;
}

export interface RingOptions {
  /** A folder of its own; undefined: the ring lives in memory. */
  readonly storage: LedgerStorage | undefined;
  readonly log: Logger;
  readonly bytesMax?: number;
  readonly memoryBytesMax?: number;
}

const nameOf = (number: number): string => `${String(number).padStart(12, "0")}.tel`;
const NAME = /^(\d{12})\.tel$/;

const emptySegment = (name: string | undefined): Segment => ({
  ...{ name, isOnDisk: name !== undefined, frames: [], confirmedCount: 0 },
  ...{ bytes: 0, sampleCount: 0, frameCount: 0, size: 0 },
});

/**
 * Opens the ring with what an earlier process left in it, which is sent first. A frame that was confirmed just before
 * the process ended may be sent again: batches have numbers, and the controller stores each once.
 */
export async function openRing(options: RingOptions): Promise<Ring> {
  const { storage, log, bytesMax = RING_BYTES_MAX, memoryBytesMax = MEMORY_BYTES_MAX } = options;
  const segments: Segment[] = [];
  let nextNumber = 1;
  let file: LedgerFile | undefined;
  let isOnDisk = storage !== undefined;
  let droppedCount = 0;
  let badCount = 0;
  let given: { readonly segment: Segment; readonly frame: Frame } | undefined;

  /** Says once that the disk failed, and once that it is well again. */
  const note = (isOk: boolean, error?: unknown) => {
    if (isOk === isOnDisk) return;
    isOnDisk = isOk;
    if (isOk) log.info({}, "telemetry waits on the disk again");
    else if (isNoSpace(error)) log.warn({}, "the disk is full: telemetry waits in memory");
    else log.warn({ err: error }, "the disk can't be written: telemetry waits in memory");
  };

  const forget = async (segment: Segment) => {
    segments.splice(segments.indexOf(segment), 1);
    if (segment.name === undefined) return;
    await storage?.remove(segment.name).catch((error: unknown) => note(false, error));
  };

  const readBack = async (segment: Segment): Promise<Frame[]> => {
    if (segment.frames !== undefined) return segment.frames;
    try {
      const scan = scanSegment(await storage!.read(segment.name!)); // what is not in memory has a file
      segment.frames = scan.frames.slice(segment.confirmedCount);
      badCount += scan.badCount;
      if (scan.badCount > 0) log.warn({ segment: segment.name }, "telemetry on disk is damaged");
    } catch (error) {
      badCount += 1;
      segment.frames = [];
      log.warn({ err: error, segment: segment.name }, "telemetry on disk can't be read");
    }
    segment.bytes = segment.frames.reduce((sum, { bytes }) => sum + bytes.length, 0);
    segment.sampleCount = segment.frames.reduce((sum, { sampleCount }) => sum + sampleCount, 0);
    return segment.frames;
  };

  const takeUp = async (names: readonly string[]) => {
    for (const name of names) {
      const number = Number(NAME.exec(name)?.[1]);
      if (!Number.isInteger(number)) continue;
      nextNumber = number + 1;
      const segment = { ...emptySegment(name), frames: undefined, frameCount: FRAMES_PER_SEGMENT };
      segments.push(segment);
      await readBack(segment);
      segment.size = segment.bytes;
      if (segment.bytes === 0) await forget(segment);
      segment.frames = undefined;
    }
    // What is bad was counted; it is met once more when its turn comes.
    badCount = 0;
  };

  const openFile = async (): Promise<string | undefined> => {
    await file?.close().catch(() => undefined);
    file = undefined;
    if (storage === undefined) return undefined;
    const name = nameOf(nextNumber);
    nextNumber += 1;
    try {
      file = await storage.open(name, 0);
      return name;
    } catch (error) {
      note(false, error);
      return undefined;
    }
  };

  const begin = async (): Promise<Segment> => {
    const before = segments.at(-1);
    // What has to wait behind others waits on the disk alone.
    if (before?.isOnDisk === true && segments.length > 1) before.frames = undefined;
    const segment = emptySegment(await openFile());
    segments.push(segment);
    return segment;
  };

  const isClosed = (segment: Segment): boolean =>
    segment.frameCount >= FRAMES_PER_SEGMENT ||
    segment.size >= SEGMENT_BYTES_MAX ||
    (segment.name !== undefined && file === undefined);

  const openSegment = (): Segment | undefined => {
    const last = segments.at(-1);
    return last === undefined || isClosed(last) ? undefined : last;
  };

  const write = async (segment: Segment, frame: Frame) => {
    const bytes = encodeFrame(frame);
    if (segment.name !== undefined && file !== undefined) {
      try {
        await file.write(bytes, segment.size);
        note(true);
      } catch (error) {
        note(false, error);
        segment.isOnDisk = false;
        // The next segment tries the disk again.
        await file.close().catch(() => undefined);
        file = undefined;
      }
    }
    segment.size += bytes.length;
  };

  const dropOldest = async (isOn: boolean, weigh: (segment: Segment) => number, max: number) => {
    const held = () => segments.filter((segment) => segment.isOnDisk === isOn);
    while (segments.length > 1 && held().reduce((sum, each) => sum + weigh(each), 0) > max) {
      const oldest = held()[0]!; // what is above the bound is not nothing
      droppedCount += oldest.sampleCount;
      await forget(oldest);
    }
  };

  await storage?.list().then(takeUp, (error: unknown) => note(false, error));

  return {
    beginsSegment: () => openSegment() === undefined,
    append: async (frame) => {
      const segment = openSegment() ?? (await begin());
      segment.frames?.push(frame);
      segment.bytes += frame.bytes.length;
      segment.sampleCount += frame.sampleCount;
      segment.frameCount += 1;
      await write(segment, frame);
      await dropOldest(true, ({ size }) => size, bytesMax);
      await dropOldest(false, ({ bytes }) => bytes, memoryBytesMax);
    },
    next: async () => {
      given = undefined;
      for (let segment = segments[0]; segment !== undefined; segment = segments[0]) {
        const [frame] = await readBack(segment);
        if (frame !== undefined) {
          given = { segment, frame };
          return frame;
        }
        if (segment === openSegment()) return undefined;
        await forget(segment);
      }
      return undefined;
    },
    confirm: async () => {
      // Undefined, or dropped meanwhile.
      if (given === undefined || !segments.includes(given.segment)) return;
      const { segment, frame } = given;
      given = undefined;
      segment.confirmedCount += 1;
      segment.bytes -= frame.bytes.length;
      segment.sampleCount -= frame.sampleCount;
      if (segment.frames?.[0] === frame) segment.frames.shift();
      if (segment.bytes === 0 && segment !== openSegment()) await forget(segment);
    },
    state: () => ({
      bytes: segments.reduce((sum, segment) => sum + segment.bytes, 0),
      sampleCount: segments.reduce((sum, segment) => sum + segment.sampleCount, 0),
      ...{ droppedCount, badCount, isOnDisk },
    }),
    close: async () => {
      await file?.close().catch(() => undefined);
      file = undefined;
    },
  };
}
