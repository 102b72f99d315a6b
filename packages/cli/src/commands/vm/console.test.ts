import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type FakeController, startFakeController } from "../../testing/fake-controller.ts";
import { type FakeIoOptions, runFake } from "../../testing/fake-io.ts";

let controller: FakeController;

before(async () => {
  controller = await startFakeController();
});
after(() => controller.stop());

const swy = (line: string, options: FakeIoOptions = {}) =>
  runFake(line.split(" "), { ...options, env: { SWY_ADDR: controller.address, ...options.env } });
const last = (method: string) =>
  controller.requests.findLast((each) => each.method === method)?.request;

async function* keys(...pieces: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece);
}

/** A terminal: it has no end by itself. */
async function* terminal(...pieces: readonly string[]): AsyncGenerator<Uint8Array> {
  yield* keys(...pieces);
  await new Promise(() => undefined);
}

describe("swy vm console", () => {
  it("sends what is typed until Ctrl-], and gives the terminal back", async () => {
    const keyboard: boolean[] = [];
    const echoed = Promise.withResolvers<void>();
    async function* person(): AsyncGenerator<Uint8Array> {
      yield* keys("ro", "ot\r");
      await echoed.promise;
      yield* terminal("\u001dlost");
    }
    const { code, stdout, stderr } = await swy("vm console web-1", {
      isTty: true,
      keys: person(),
      onStdout: (text) => text.endsWith("root\r") && echoed.resolve(),
      onKeyboard: (isOpen) => keyboard.push(isOpen),
    });
    assert.equal(code, 0);
    assert.equal(stdout, "web-1 login: root\r");
    assert.match(stderr, /console of web-1 on r740-01 \(simulated\)/);
    assert.match(stderr, /leave with Ctrl-\]/);
    assert.deepEqual(keyboard, [true, false]);
  });

  it("sends a pipe as it is, and leaves when no more is shown", async () => {
    const { code, stdout, stderr } = await swy("vm console web-1 --linger 1s", {
      keys: keys("root\n", "\u001d"),
    });
    assert.equal(code, 0);
    assert.equal(stdout, "web-1 login: root\n\u001d");
    assert.doesNotMatch(stderr, /Ctrl/);
  });

  it("tells that the VM's console came to its end", async () => {
    const { code, stderr } = await swy("vm console web-1", { isTty: true, keys: terminal("bye") });
    assert.equal(code, 1);
    assert.match(stderr, /its process ended/);
  });

  it("is left by an interrupt, and the terminal is given back then, too", async () => {
    const interrupt = new AbortController();
    const keyboard: boolean[] = [];
    const { code } = await swy("vm console web-1", {
      keys: terminal(),
      signal: interrupt.signal,
      onKeyboard: (isOpen) => keyboard.push(isOpen),
      onStdout: () => interrupt.abort(),
    });
    assert.equal(code, 130);
    assert.deepEqual(keyboard, [true, false]);
  });
});

describe("swy vm log", () => {
  it("shows the log as it is to a program, and without escapes to a person", async () => {
    const piped = await swy("vm log web-1");
    assert.match(piped.stdout, /\r\n.*title/);
    const { stdout } = await swy("vm log web-1", { isTty: true });
    assert.equal(stdout, "[    0.0] Linux version\nsecond\nthird\nweb-1 login: ");
  });

  it("shows its last lines", async () => {
    const { stdout } = await swy("vm log web-1 --tail 2", { isTty: true });
    assert.equal(stdout, "third\nweb-1 login: ");
    assert.equal((await swy("vm log web-1 --tail -1")).code, 2);
  });

  it("goes on with what comes", async () => {
    const { stdout } = await swy("vm log web-1 --tail 1 --follow", { isTty: true });
    assert.equal(stdout, "web-1 login: root\n");
  });
});

describe("swy vm exec", () => {
  it("passes a program with its own options, and shows what it wrote", async () => {
    const { code, stdout, stderr } = await swy("vm exec web-1 --timeout 90s -- df -h /");
    assert.deepEqual([code, stdout], [0, "Filesystem\n"]);
    assert.equal(stderr, "");
    assert.deepEqual(last("execInVm"), {
      name: "vms/web-1",
      argv: ["df", "-h", "/"],
      timeout: { seconds: 90n, nanos: 0 },
    });
  });

  it("ends with 1 for any other status, and tells it", async () => {
    const { code, stderr } = await swy("vm exec web-1 -- false");
    assert.equal(code, 1);
    assert.match(stderr, /false ended in web-1 with status 3/);
  });

  it("gives all of it to programs", async () => {
    const { stdout } = await swy("vm exec web-1 -o json -- false");
    assert.deepEqual(JSON.parse(stdout), { exitCode: 3, stderr: "no\n" });
  });
});

describe("swy vm get", () => {
  it("shows what the guest says of itself, and that it is the guest who says it", async () => {
    const { stdout } = await swy("vm get web-1");
    assert.match(stdout, /guest says +web-1, Rocky Linux 9.4, 5.14.0/);
    assert.match(stdout, /its addresses +eth0 192.168.101.20\/24/);
    assert.match(stdout, /frozen +2 file systems, until 12:00:30.000 UTC at the latest/);
  });
});
