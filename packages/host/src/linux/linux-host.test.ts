import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { CommandError } from "@switchyard/model";
import { silentLogger, systemClock } from "@switchyard/runtime";
import { HostFileError, RANGE_BYTES_MAX } from "../port/host.ts";
import { createLinuxHost } from "./linux-host.ts";

const host = createLinuxHost({ kind: "real", log: silentLogger, clock: systemClock });

const isGone = (pid: number) => {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
};

describe("LinuxHost.run", () => {
  it("returns output and status of a program that fails", async () => {
    const argv = ["sh", "-c", "echo out; echo err >&2; exit 3"] as const;
    const result = await host.run({ argv });
    assert.deepEqual(
      [result.exitCode, result.stdout, result.stderr, result.isTruncated],
      [3, "out\n", "err\n", false],
    );
  });

  it("gives programs the C locale, a fixed PATH and nothing of its own environment", async () => {
    const { stdout } = await host.run({ argv: ["env"] });
    const names = stdout
      .trim()
      .split("\n")
      .map((line) => line.split("=")[0]);
    assert.deepEqual(names.sort(), ["LC_ALL", "PATH"]);
    assert.match(stdout, /PATH=.*\/usr\/sbin.*\/sbin.*\/usr\/libexec/);
  });

  it("hands arguments over without a shell", async () => {
    const { stdout } = await host.run({ argv: ["printf", "%s", "$(id) `id` ; * ~"] });
    assert.equal(stdout, "$(id) `id` ; * ~");
  });

  it("feeds stdin and closes it", async () => {
    assert.equal((await host.run({ argv: ["cat"], stdin: "hello" })).stdout, "hello");
    assert.equal((await host.run({ argv: ["cat"] })).stdout, "");
  });

  it("says that a program is not there", async () => {
    await assert.rejects(
      host.run({ argv: ["no-such-program-here"] }),
      (error) => error instanceof CommandError && error.reason === "COMMAND_NOT_STARTED",
    );
  });

  it("turns a death by signal into the status a shell would show", async () => {
    assert.equal((await host.run({ argv: ["sh", "-c", "kill -ALRM $$"] })).exitCode, 142);
  });

  it("keeps what fits of too much output and lets the program end", async () => {
    const argv = ["sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' x; echo done >&2"] as const;
    const result = await host.run({ argv, maxOutputBytes: 1000 });
    assert.deepEqual(
      [result.exitCode, result.stdout.length, result.stderr, result.isTruncated],
      [0, 1000, "done\n", true],
    );
  });

  it("kills a program that is late, its children included", async () => {
    const folder = await mkdtemp(join(tmpdir(), "sy-run-"));
    const pidFile = join(folder, "pid");
    const script = `sleep 60 & echo $! > ${pidFile}; wait`;
    await assert.rejects(
      host.run({ argv: ["sh", "-c", script], timeoutMs: 300 }),
      (error) =>
        error instanceof CommandError &&
        error.reason === "COMMAND_TIMED_OUT" &&
        error.retry === "observe-first",
    );
    const pid = Number(await readFile(pidFile, "utf8"));
    const deadlineMs = systemClock.monotonicMs() + 5000;
    // An orphan is a zombie until init waits for it, which the container's init may never do.
    const isEnded = async () =>
      isGone(pid) || / Z /.test(await readFile(`/proc/${pid}/stat`, "utf8").catch(() => " Z "));
    while (!(await isEnded()) && systemClock.monotonicMs() < deadlineMs)
      await systemClock.sleep(20);
    assert.ok(await isEnded());
    await rm(folder, { recursive: true });
  });

  it("stops a program when the caller's signal says so", async () => {
    const signal = AbortSignal.timeout(100);
    await assert.rejects(
      host.run({ argv: ["sleep", "60"], signal }),
      (error) => error instanceof CommandError && error.reason === "COMMAND_TIMED_OUT",
    );
  });

  it("does not wait for a daemon that holds the program's output open", async () => {
    const script = "setsid sleep 60 & echo $!";
    const result = await host.run({ argv: ["sh", "-c", script], timeoutMs: 20_000 });
    const pid = Number(result.stdout);
    assert.ok(result.durationMs < 10_000, `took ${result.durationMs} ms`);
    assert.equal(isGone(pid), false);
    process.kill(pid, "SIGKILL");
  });
});

describe("LinuxHost files", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sy-files-"));
  });
  after(() => rm(folder, { recursive: true }));

  it("replaces a file whole, makes its folders and leaves nothing else behind", async () => {
    const path = join(folder, "a/b/stamp.json");
    await host.replaceFile(path, "one");
    await host.replaceFile(path, "two");
    assert.equal(await host.readFile(path), "two");
    assert.deepEqual(await host.listFolder(join(folder, "a/b")), ["stamp.json"]);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  });

  it("writes into a file that is there and never creates one", async () => {
    await host.replaceFile(join(folder, "count"), "0");
    await host.writeFile(join(folder, "count"), "2");
    assert.equal(await host.readFile(join(folder, "count")), "2");
    await assert.rejects(
      host.writeFile(join(folder, "absent"), "2"),
      (error) => error instanceof HostFileError && error.errno === "ENOENT",
    );
    assert.equal(await host.exists(join(folder, "absent")), false);
  });

  it("reads procfs files, which have no size", async () => {
    assert.match(await host.readFile("/proc/sys/kernel/random/boot_id"), /^[0-9a-f-]{36}\n$/);
  });

  it("carries the errno of what the kernel refused", async () => {
    await assert.rejects(host.readFile(join(folder, "no")), { errno: "ENOENT" });
    await assert.rejects(host.listFolder(join(folder, "no")), { errno: "ENOENT" });
    await assert.rejects(host.readLink("/proc"), { errno: "EINVAL" });
    await assert.rejects(host.readFile(folder), { errno: "EISDIR" });
  });

  it("removes folders with all in them, and what is gone already", async () => {
    await host.makeFolder(join(folder, "vm/x"));
    await host.remove(join(folder, "vm"));
    await host.remove(join(folder, "vm"));
    assert.equal(await host.exists(join(folder, "vm")), false);
  });

  it("gives up a write that the driver does not end", async () => {
    const fifo = join(folder, "fifo");
    await host.run({ argv: ["mkfifo", fifo] });
    // Nobody reads, so open(2) blocks as a stuck sysfs write does.
    await assert.rejects(
      host.writeFile(fifo, "1", 100),
      (error) => error instanceof CommandError && error.reason === "COMMAND_TIMED_OUT",
    );
    await host.readFile(fifo);
  });
});

describe("LinuxHost ranges", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sy-range-"));
  });
  after(() => rm(folder, { recursive: true }));

  it("leave a hole where nothing was written, and take up no room for it", async () => {
    const path = join(folder, "sparse");
    const offset = 64 * 1024 ** 2;
    await host.writeRange(path, offset, Uint8Array.of(0xff, 0x80));
    const { size, blocks, mode } = await stat(path);
    assert.equal(size, offset + 2);
    assert.ok(blocks * 512 < offset, `${blocks} blocks`);
    assert.equal(mode & 0o777, 0o600);
    assert.deepEqual([...(await host.readRange(path, offset - 1, 10))], [0, 0xff, 0x80]);
  });

  it("are bounded, and say what the kernel said", async () => {
    const path = join(folder, "bounded");
    for (const [offset, length] of [
      [-1, 1],
      [0.5, 1],
      [0, 0],
      [0, RANGE_BYTES_MAX + 1],
    ] as const) {
      await assert.rejects(host.readRange(path, offset, length), { errno: "EINVAL" });
      await assert.rejects(host.writeRange(path, offset, new Uint8Array(length)), {
        errno: "EINVAL",
      });
    }
    await assert.rejects(host.readRange(folder, 0, 1), { errno: "EISDIR" });
    await assert.rejects(host.writeRange("/dev/full", 0, Uint8Array.of(1)), { errno: "ENOSPC" });
  });
});

/** Listens with the shortest queue, and accepts nobody until it is told to. */
const BUSY_LISTENER = `
  const server = require("node:net").createServer((socket) => socket.write("hello\\n"));
  server.listen({ path: process.argv[1], backlog: 1 }, () => {
    require("node:fs").writeSync(1, "up");
    require("node:fs").readSync(0, Buffer.alloc(1));
  });
`;

describe("LinuxHost.connectSocket", () => {
  let folder = "";
  let server: Server;
  const open: Socket[] = [];
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sy-socket-"));
    server = createServer((socket) => {
      open.push(socket);
      socket.on("data", (data) => socket.write(`${String(data).trim()}\r\nsecond\nunfin`));
    });
    await new Promise<void>((resolve) => server.listen(join(folder, "s"), resolve));
  });
  after(async () => {
    for (const socket of open) socket.destroy();
    server.close();
    await rm(folder, { recursive: true });
  });

  it("speaks line by line and waits no longer than told", async () => {
    const socket = await host.connectSocket(join(folder, "s"));
    socket.send("first");
    assert.equal(await socket.receive(5000), "first");
    assert.equal(await socket.receive(5000), "second");
    assert.equal(await socket.receive(50), undefined);
    socket.close();
  });

  it("ends a wait when the peer closes", async () => {
    const socket = await host.connectSocket(join(folder, "s"));
    socket.send("first");
    await socket.receive(5000);
    for (const peer of open) peer.destroy();
    assert.equal(await socket.receive(5000), "second");
    assert.equal(await socket.receive(60_000), undefined);
  });

  it("says that nobody listens", async () => {
    await assert.rejects(host.connectSocket(join(folder, "no")), { errno: "ENOENT" });
  });

  it("waits for a listener that is busy with others", async () => {
    const path = join(folder, "busy");
    const listener = spawn(process.execPath, ["-e", BUSY_LISTENER, path], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    await once(listener.stdout, "data");
    const waiting = [connect({ path }), connect({ path })];
    await Promise.all(waiting.map((socket) => once(socket, "connect")));
    const [refused] = await once(connect({ path }), "error");
    assert.equal((refused as NodeJS.ErrnoException).code, "EAGAIN");
    const connecting = host.connectSocket(path);
    listener.stdin.end("go on\n");
    const socket = await connecting;
    assert.equal(await socket.receive(5000), "hello");
    socket.close();
    for (const each of waiting) each.destroy();
    listener.kill();
  });
});

describe("LinuxHost.connectByteSocket", () => {
  let folder = "";
  let server: Server;
  const open: Socket[] = [];
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sy-bytes-"));
    server = createServer((socket) => open.push(socket));
    await new Promise<void>((resolve) => server.listen(join(folder, "s"), resolve));
  });
  after(async () => {
    for (const socket of open) socket.destroy();
    server.close();
    await rm(folder, { recursive: true });
  });
  const connectPair = async () => {
    const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
    const socket = await host.connectByteSocket(join(folder, "s"));
    return { socket, peer: await accepted };
  };

  it("carries any bytes both ways, and no line is waited for", async () => {
    const { socket, peer } = await connectPair();
    peer.on("data", (data) => peer.write(data));
    const bytes = Uint8Array.of(0, 0x1d, 0xff, 0x0d);
    await socket.write(bytes);
    assert.deepEqual([...((await socket.read()) ?? [])], [...bytes]);
    socket.close();
    assert.equal(await socket.read(), undefined);
  });

  it("makes a peer wait whose bytes nobody reads", async () => {
    const { socket, peer } = await connectPair();
    const piece = Buffer.alloc(64 * 1024, 7);
    let sent = 0;
    while (peer.write(piece)) sent += piece.length;
    const total = sent + piece.length;
    let received = 0;
    while (received < total) {
      const bytes = await socket.read();
      assert.ok((bytes?.length ?? 0) <= 64 * 1024);
      received += bytes?.length ?? Number.NaN;
    }
    assert.equal(received, total);
    socket.close();
  });

  it("hands out what came before the peer closed, then tells the end", async () => {
    const { socket, peer } = await connectPair();
    peer.end("last words");
    assert.equal(Buffer.from((await socket.read()) ?? []).toString(), "last words");
    assert.equal(await socket.read(), undefined);
    await assert.rejects(socket.write(Uint8Array.of(1)), { errno: "EPIPE" });
  });

  it("says that nobody listens", async () => {
    await assert.rejects(host.connectByteSocket(join(folder, "no")), { errno: "ENOENT" });
  });
});
