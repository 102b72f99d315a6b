import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { OpenedSession } from "@switchyard/bus";
import { parseExecOutcome, vmPaths } from "@switchyard/model";
import { waitFor } from "@switchyard/testkit";
import type { Agent } from "../agent.ts";
import { createTestbed, endAllLives, vmInSlot } from "../testing/testbed.ts";

const VM = "vm-0";
type Channel = OpenedSession["channel"];

async function readUntil(channel: Channel, wanted: string): Promise<string> {
  let text = "";
  while (!text.includes(wanted)) {
    const bytes = await channel.receive();
    if (bytes === undefined) throw new Error(`ended: ${JSON.stringify(await channel.ended)}`);
    text += Buffer.from(bytes).toString();
  }
  return text;
}
const type = (channel: Channel, text: string) => channel.send(Buffer.from(text));

describe("consoles of an agent", () => {
  const bed = createTestbed();
  let agent: Agent;
  before(async () => {
    ({ agent } = await bed.start());
    await bed.runJob(await bed.applyHost());
    await bed.runJob({ kind: "start-vm", vm: vmInSlot(0) });
  });
  after(async () => {
    await agent.stop();
    endAllLives();
  });
  const open = (who: string, isTaking = false) =>
    bed.bus.request("console", { vm: VM, who, isTaking });
  const openNow = async (who: string, isTaking = false) => {
    const { answer, channel } = await open(who, isTaking);
    assert.equal(answer.isDone, true, answer.message);
    return channel;
  };
  /** Ends the session and waits until the port is free. */
  const leave = async (channel: Channel) => {
    channel.end({ reason: undefined, message: "left" });
    await waitFor(async () => {
      const { answer, channel: next } = await open("probe");
      next.end({ reason: undefined, message: "left" });
      return answer.isDone || undefined;
    });
  };

  it("let a person log in", async () => {
    const channel = await openNow("ada");
    await type(channel, "root\r");
    await readUntil(channel, "]# ");
    await type(channel, "hostname\r");
    assert.match(await readUntil(channel, "]# "), /vm-0\r\n/);
    await type(channel, "exit\r");
    await readUntil(channel, "login: ");
    await leave(channel);
  });

  it("are had by one at a time, whose name the next is told", async () => {
    const first = await openNow("ada", true);
    const { answer } = await open("bob");
    assert.equal(answer.reason, "CONSOLE_BUSY");
    assert.match(answer.message, /^ada has the console of vm-0$/);
    assert.match(answer.metadata?.["found"] ?? "", /^ada since 2/);
    const second = await openNow("bob", true);
    const end = await first.ended;
    assert.deepEqual([end.reason, end.message], ["CONSOLE_TAKEN", "bob took the console of vm-0"]);
    await type(second, "\r");
    await readUntil(second, "login: ");
    await leave(second);
  });

  it("are refused for a VM that does not run, and for what is no request", async () => {
    const absent = await bed.bus.request("console", { vm: "absent", who: "ada" });
    assert.equal(absent.answer.reason, "VM_NOT_RUNNING");
    const nothing = await bed.bus.request("console", { who: "ada" });
    assert.equal(nothing.answer.reason, "FIELD_INVALID");
    const path = await bed.bus.request("console", { vm: "../../etc", who: "ada" });
    assert.equal(path.answer.reason, "NAME_MALFORMED");
  });

  it("show a log that began before anybody connected", async () => {
    const { answer } = await bed.bus.request("vm-log", { vm: VM, tailBytes: 100_000 });
    assert.match(answer.vmLog?.text ?? "", /Linux version/);
    const fromByte = answer.vmLog?.nextByte;
    const next = await bed.bus.request("vm-log", { vm: VM, tailBytes: 0, fromByte });
    assert.equal(next.answer.vmLog?.text, "");
  });

  it("run a program in the guest and tell how it ended", async () => {
    const { answer, channel } = await bed.bus.request("exec", {
      vm: VM,
      argv: ["hostname"],
      timeoutMs: 5_000,
    });
    assert.equal(answer.isDone, true, answer.message);
    assert.deepEqual(parseExecOutcome((await channel.ended).result), {
      exitCode: 0,
      stdout: "vm-0\n",
      stderr: "",
      isTruncated: false,
    });
  });

  it("bound a program's output and say so", async () => {
    const argv = ["seq", "1", "100000"];
    const { channel } = await bed.bus.request("exec", { vm: VM, argv, timeoutMs: 5_000 });
    const outcome = parseExecOutcome((await channel.ended).result);
    assert.deepEqual([outcome?.stdout.length, outcome?.isTruncated], [256 * 1024, true]);
  });

  it("end with their VM, with words for who has one", async () => {
    const channel = await openNow("ada", true);
    bed.host.killVm(VM);
    const end = await channel.ended;
    assert.equal(end.reason, undefined);
    assert.match(end.message, /its process ended/);
    assert.equal(await bed.host.exists(vmPaths(VM).serialLog), true);
  });

  it("end with the agent", async () => {
    await bed.runJob({ kind: "start-vm", vm: vmInSlot(1) });
    const { channel } = await bed.bus.request("console", { vm: "vm-1", who: "ada" });
    await agent.stop();
    assert.equal((await channel.ended).reason, "SESSION_LOST");
  });
});
