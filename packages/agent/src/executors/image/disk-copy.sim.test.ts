import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import type { AgentBus, DiskPiece, DiskPieceFetch } from "@switchyard/bus";
import type { Host } from "@switchyard/host";
import { createLife, createSimHost, mortalHost, qcow2File } from "@switchyard/hostsim";
import {
  DISK_TRANSFER_LIMITS,
  type DiskTransfer,
  DispatchError,
  parseHostId,
  parseMoveId,
  parseSha256,
  VM_DISK_FOLDER,
  vmDiskPaths,
} from "@switchyard/model";
import { createFastClock } from "../../testing/fast-clock.ts";
import { benchStep, createStepBench, FAILING_STEP } from "../../testing/step-bench.ts";
import { stepContext } from "../../testing/step-properties.ts";
import { EXECUTORS } from "../executors.ts";

const VM = "web-1";
const PIECE = DISK_TRANSFER_LIMITS.pieceBytes;
const BASE = "/var/lib/switchyard/image-cache/some.base";
const paths = vmDiskPaths(VM);
/** Three pieces and a bit. */
const DISK = Buffer.from(
  qcow2File({
    virtualSizeBytes: 10 * 1024 ** 3,
    backingFile: BASE,
    content: "x".repeat(3 * PIECE),
  }),
);

const transferOf = (disk = DISK): DiskTransfer => ({
  move: parseMoveId("0190c8a4-0000-7000-8000-00000000000a"),
  source: parseHostId("r740-09"),
  sizeBytes: disk.length,
  sha256: parseSha256(createHash("sha256").update(disk).digest("hex")),
  ticket: "dGlja2V0",
});

type Fetch = AgentBus["fetchDiskPiece"];

const give = (disk: Buffer, { offset, length }: DiskPieceFetch): DiskPiece => ({
  kind: "data",
  bytes: disk.subarray(offset, offset + length),
});

/** A source that gives the disk, but for what the wrapper does. */
function sourceOf(disk = DISK, before: (asked: number) => void | Promise<void> = () => undefined) {
  const asked: number[] = [];
  let inFlight = 0;
  const seen = { asked, inFlightMax: 0 };
  const fetch: Fetch = async (request) => {
    inFlight += 1;
    seen.inFlightMax = Math.max(seen.inFlightMax, inFlight);
    try {
      await before(asked.push(request.offset));
      return give(disk, request);
    } finally {
      inFlight -= 1;
    }
  };
  return { fetch, seen };
}

const copyStep = (transfer = transferOf()) =>
  benchStep("ensureDiskCopy", { vm: VM, transfer, base: BASE });

const bed = (fetch: Fetch, overrides: Parameters<typeof createSimHost>[0] = {}) => {
  const host = createSimHost(overrides);
  const clock = createFastClock(500);
  return { host, bench: createStepBench(host, clock, fetch) };
};

const filesOf = async (host: ReturnType<typeof createSimHost>) =>
  (await host.exists(paths.folder)) ? await host.listFolder(paths.folder) : [];

describe("the copy of a disk from another host", () => {
  it("is the disk, byte for byte, with few pieces on their way at once", async () => {
    const { fetch, seen } = sourceOf();
    const { host, bench } = bed(fetch);
    const { ended, lines } = await bench.run([copyStep()]);
    assert.equal(ended.state, "succeeded", JSON.stringify(ended.failure));
    assert.equal(await host.readFile(paths.disk), DISK.toString());
    assert.deepEqual(await filesOf(host), ["disk.qcow2", "disk.received"]);
    assert.ok(seen.inFlightMax <= DISK_TRANSFER_LIMITS.piecesInFlight);
    assert.ok(lines.some((line) => line.includes("100 %")));
    assert.equal((await bench.run([copyStep()])).ended.result.changedSteps, 0);
  });

  it("keeps holes as holes, and the size of a disk that ends in one", async () => {
    const disk = Buffer.concat([DISK, Buffer.alloc(2 * PIECE)]);
    const { host } = bed(sourceOf().fetch);
    const written: number[] = [];
    const observed: Host = {
      ...mortalHost(host, createLife()),
      writeRange: (path, offset, bytes) => {
        written.push(bytes.length);
        return host.writeRange(path, offset, bytes);
      },
    };
    const fetchDiskPiece: Fetch = async (request) => {
      const piece = disk.subarray(request.offset, request.offset + request.length);
      return piece.every((byte) => byte === 0)
        ? { kind: "hole", length: request.length }
        : { kind: "data", bytes: piece };
    };
    const context = { ...stepContext(host, { fetchDiskPiece }), host: observed };
    const { ensureDiskCopy } = EXECUTORS;
    assert.ok(ensureDiskCopy.kind === "ensure");
    const args = { vm: VM, transfer: transferOf(disk), base: undefined };
    await ensureDiskCopy.apply(context, args, {});
    assert.equal((await host.readRange(paths.disk, disk.length - 5, 100)).length, 5);
    assert.equal(written.at(-1), 1);
    assert.equal(
      written.reduce((sum, each) => sum + each),
      Math.ceil(DISK.length / PIECE) * PIECE + 1,
    );
  });

  it("goes on where an agent that was killed had stopped", async () => {
    for (const phase of ["after-intent", "after-effect"] as const) {
      const { host, bench } = bed(sourceOf().fetch);
      const killAt = { step: "ensureDiskCopy", phase } as const;
      const { ended } = await bench.run([copyStep()], { killAt });
      assert.equal(ended.state, "succeeded", phase);
      assert.deepEqual(await filesOf(host), ["disk.qcow2", "disk.received"]);
    }
    const { fetch, seen } = sourceOf();
    const { host, bench } = bed(fetch);
    await host.makeFolder(paths.folder);
    await host.writeRange(paths.diskPartial, 0, DISK.subarray(0, PIECE));
    await host.writeRange(paths.diskPartial, PIECE, DISK.subarray(PIECE, 2 * PIECE + 7));
    const { ended, lines } = await bench.run([copyStep()]);
    assert.equal(ended.state, "succeeded");
    assert.equal(seen.asked[0], PIECE, "the last whole piece is asked for again");
    assert.ok(lines.some((line) => line.startsWith("going on at")));
  });

  it("begins anew where what was there is of another disk", async () => {
    const { host, bench } = bed(sourceOf().fetch);
    await host.makeFolder(paths.folder);
    await host.writeRange(paths.diskPartial, 0, Buffer.alloc(PIECE, 1));
    await host.writeRange(paths.diskPartial, PIECE, Buffer.alloc(PIECE, 1));
    const { ended, lines } = await bench.run([copyStep()]);
    assert.equal(ended.state, "succeeded");
    assert.ok(lines.some((line) => line.includes("from the beginning")));
  });

  it("waits for a source that is away for a while, and not for ever", async () => {
    const away = new DispatchError("HOST_UNREACHABLE", "no answer");
    const blinking = sourceOf(DISK, (asked) => {
      if (asked % 3 === 0) throw away;
    });
    const short = bed(blinking.fetch);
    assert.equal((await short.bench.run([copyStep()])).ended.state, "succeeded");
    const { host, bench } = bed(() => Promise.reject(away));
    const { ended } = await bench.run([copyStep()]);
    assert.equal(ended.failure?.reason, "DISK_SOURCE_SILENT");
    assert.deepEqual(await filesOf(host), []);
  });

  const REFUSED = {
    "a VM that runs": "DISK_IN_USE",
    "a ticket that expired": "DISK_TICKET_EXPIRED",
  } as const;
  for (const [what, reason] of Object.entries(REFUSED)) {
    it(`ends at once for ${what}, and leaves nothing`, async () => {
      const { host, bench } = bed(async () => ({ kind: "refused", reason, message: what }));
      const { ended } = await bench.run([copyStep()]);
      assert.equal(ended.failure?.reason, reason);
      assert.deepEqual(await filesOf(host), []);
    });
  }

  it("is never kept where it differs from what was sealed", async () => {
    const { host, bench } = bed(sourceOf(Buffer.from(DISK).fill(0x41, 9, 12)).fetch);
    const { ended } = await bench.run([copyStep()]);
    assert.equal(ended.failure?.reason, "DISK_COPY_WRONG");
    assert.deepEqual(await filesOf(host), []);
  });

  it("says that there is no room, before it begins and in its middle", async () => {
    const full = bed(sourceOf().fetch, { overrides: { fullDisks: ["/var"] } });
    const first = (await full.bench.run([copyStep()])).ended;
    assert.equal(first.failure?.reason, "DISK_NO_SPACE");
    const { host, bench } = bed(sourceOf().fetch);
    host.faults.add({
      match: { kind: "file", operation: "any", pathEnd: "disk.qcow2.part" },
      action: { kind: "refuse", errno: "ENOSPC" },
    });
    host.faults.add({
      match: { kind: "file", operation: "replace", pathEnd: "disk.qcow2.part" },
      action: { kind: "refuse", errno: "ENOSPC" },
    });
    const second = (await bench.run([copyStep()])).ended;
    assert.equal(second.failure?.reason, "DISK_NO_SPACE", JSON.stringify(second.failure));
    assert.deepEqual([await filesOf(full.host), await filesOf(host)], [[], []]);
  });

  it("does not take the place of a disk that the host has", async () => {
    const { host, bench } = bed(sourceOf().fetch);
    await host.makeFolder(VM_DISK_FOLDER);
    await host.replaceFile(paths.disk, "somebody's");
    assert.equal((await bench.run([copyStep()])).ended.failure?.reason, "VM_DISK_UNEXPECTED");
    assert.equal(await host.readFile(paths.disk), "somebody's");
  });

  it("goes when the job fails behind it, and undoing twice is no harm", async () => {
    const { host, bench } = bed(sourceOf().fetch);
    const { ended } = await bench.run([copyStep(), FAILING_STEP]);
    assert.equal(ended.state, "failed");
    assert.deepEqual(await filesOf(host), []);
    const { ensureDiskCopy } = EXECUTORS;
    assert.ok(ensureDiskCopy.kind === "ensure");
    const before = { hasDisk: false, received: undefined, hasFolder: false };
    const args = { vm: VM, transfer: transferOf(), base: BASE };
    await ensureDiskCopy.undo?.(stepContext(host), args, before);
    assert.deepEqual(await filesOf(host), []);
  });
});

describe("the seal of a disk", () => {
  const seal = benchStep("sealDisk", { vm: VM });

  it("is its size and sum, in the job's result", async () => {
    const { host, bench } = bed(sourceOf().fetch);
    await host.replaceFile(paths.disk, DISK.toString());
    const { ended } = await bench.run([seal]);
    const { sizeBytes, sha256 } = transferOf();
    assert.deepEqual(ended.result.disk, { sizeBytes, sha256 });
  });

  it("is refused where there is no disk", async () => {
    const { bench } = bed(sourceOf().fetch);
    assert.equal((await bench.run([seal])).ended.failure?.reason, "VM_DISK_UNEXPECTED");
  });
});
