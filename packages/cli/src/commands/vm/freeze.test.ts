import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { runLocalProgram } from "../../local-program.ts";
import { type FakeController, startFakeController } from "../../testing/fake-controller.ts";
import { type FakeIoOptions, runFake } from "../../testing/fake-io.ts";

let controller: FakeController;

before(async () => {
  controller = await startFakeController();
});
after(() => controller.stop());

const swy = (line: string, options: FakeIoOptions = {}) =>
  runFake(line.split(" "), { ...options, env: { SWY_ADDR: controller.address, ...options.env } });
const calls = (method: string) => controller.requests.filter((each) => each.method === method);
const last = (method: string) => calls(method).at(-1)?.request;

describe("swy vm freeze", () => {
  it("says what is frozen, until when, and how to end it", async () => {
    const { code, stdout, stderr } = await swy("vm freeze web-1 --for 2m");
    assert.equal(code, 0);
    assert.equal(stdout, "web-1 is frozen: 2 file systems, until 12:00:30.000 UTC at the latest\n");
    assert.match(stderr, /swy vm thaw web-1 --freeze freeze-1/);
    assert.deepEqual(last("freezeVm"), {
      name: "vms/web-1",
      maxDuration: { seconds: 120n, nanos: 0 },
    });
    const json = JSON.parse((await swy("vm freeze web-1 -o json")).stdout);
    assert.deepEqual(json, {
      freezeId: "freeze-1",
      fileSystemCount: 2,
      thawTime: "2026-11-27T12:00:30.000Z",
    });
  });

  it("runs a command of this machine meanwhile, thaws its own freeze, and ends as the command", async () => {
    const order: string[] = [];
    const thawsBefore = calls("thawVm").length;
    const { code, stdout } = await swy("vm freeze web-1 -- lvcreate -s vg0/web-1", {
      runProgram: async (argv) => {
        order.push(argv.join(" "));
        assert.equal(calls("thawVm").length, thawsBefore, "it is frozen yet");
        return 5;
      },
    });
    assert.deepEqual([code, stdout, order], [5, "", ["lvcreate -s vg0/web-1"]]);
    assert.deepEqual(last("thawVm"), { name: "vms/web-1", freezeId: "freeze-1" });
  });

  it("thaws when the command can't be started", async () => {
    const thawsBefore = calls("thawVm").length;
    const { code, stderr } = await swy("vm freeze web-1 -- no-such-program");
    assert.equal(code, 2);
    assert.match(stderr, /can't run no-such-program: spawn no-such-program ENOENT/);
    assert.equal(calls("thawVm").length, thawsBefore + 1);
  });

  it("thaws on Ctrl-C, once the command has ended", async () => {
    const interrupt = new AbortController();
    const { code, stderr } = await swy("vm freeze web-1 -- rsync", {
      signal: interrupt.signal,
      runProgram: async (_argv, signal) => {
        interrupt.abort();
        return signal.aborted ? 143 : 0;
      },
    });
    assert.equal(code, 130);
    assert.match(stderr, /interrupted; web-1 is thawed/);
  });

  it("fails where the guest was thawed before the command ended, whatever that says", async () => {
    const { code, stderr } = await swy("vm freeze late -- true", { runProgram: async () => 0 });
    assert.equal(code, 1);
    assert.match(stderr, /late was thawed before true ended \(status 0\).* not of one moment/);
  });

  it("refuses what is no duration before anything is frozen", async () => {
    const freezesBefore = calls("freezeVm").length;
    assert.equal((await swy("vm freeze web-1 --for soon")).code, 2);
    assert.equal(calls("freezeVm").length, freezesBefore);
  });
});

describe("swy vm thaw", () => {
  it("ends any freeze, and may run twice", async () => {
    const { code, stdout } = await swy("vm thaw web-1");
    assert.deepEqual([code, stdout], [0, "web-1 is thawed: 2 file systems\n"]);
    assert.deepEqual(last("thawVm"), { name: "vms/web-1", freezeId: "" });
    const again = await swy("vm thaw late");
    assert.deepEqual([again.code, again.stdout], [0, "late was not frozen\n"]);
  });

  it("fails where the freeze that is named was over before", async () => {
    assert.equal((await swy("vm thaw late --freeze freeze-1")).code, 1);
    assert.equal((await swy("vm thaw web-1 --freeze freeze-1")).code, 0);
  });
});

describe("a program of this machine", () => {
  const run = (code: string, signal = new AbortController().signal) =>
    runLocalProgram([process.execPath, "-e", code], signal);

  it("ends with its own status, or that of its signal", async () => {
    assert.equal(await run("process.exit(7)"), 7);
    assert.equal(await run("process.kill(process.pid, 'SIGKILL')"), 137);
    await assert.rejects(runLocalProgram(["/no/such/program"], new AbortController().signal), {
      code: "ENOENT",
    });
  });

  it("is told to end once the caller leaves", async () => {
    assert.equal(await run("setInterval(() => {}, 1000)", AbortSignal.abort()), 143);
  });
});
