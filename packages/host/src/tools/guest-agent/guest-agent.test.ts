import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Clock, ManualClock } from "@switchyard/runtime";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import { guestExec, guestPing } from "./guest-agent.ts";

const PATH = "/run/switchyard/vms/web-1/qga.sock";
const base64 = (text: string) => Buffer.from(text).toString("base64");

interface Request {
  readonly execute: string;
  readonly arguments?: { readonly id?: number; readonly path?: string; readonly arg?: string[] };
}

/** A guest agent that left half an answer behind, and whose program ends at the `polls`-th look. */
function guest(options: { readonly polls: number; readonly status?: object }) {
  let looks = 0;
  const requests: Request[] = [];
  const answer = (line: string): readonly string[] => {
    const request = JSON.parse(line) as Request;
    requests.push(request);
    switch (request.execute) {
      case "guest-sync-delimited":
        return ['pid": 7}}', `\ufffd{"return": ${request.arguments?.id}}`];
      case "guest-ping":
        return ['{"return": {}}'];
      case "guest-exec":
        return ['{"return": {"pid": 901}}'];
      case "guest-exec-status":
        looks += 1;
        return looks < options.polls
          ? ['{"return": {"exited": false}}']
          : [JSON.stringify({ return: { exited: true, ...options.status } })];
      default:
        return ['{"error": {"class": "CommandNotFound", "desc": "The command has been disabled"}}'];
    }
  };
  const stale = ['{"return": 12345}'];
  const host = createScriptedHost({ sockets: { [PATH]: { open: stale, answer } } });
  return { host, requests };
}

/** Time passes only while someone sleeps. */
function sleepingClock(): Clock {
  let nowMs = 0;
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms;
    },
  };
}

describe("guestExec", () => {
  it("runs a program without a shell and waits for its end", async () => {
    const status = { exitcode: 1, "out-data": base64("0% päckets\n"), "err-data": base64("no\n") };
    const { host, requests } = guest({ polls: 3, status });
    const options = { timeoutMs: 5000, clock: sleepingClock() };
    assert.deepEqual(await guestExec(host, PATH, ["ping", "-c", "3", "10.0.0.1"], options), {
      exitCode: 1,
      stdout: "0% päckets\n",
      stderr: "no\n",
    });
    assert.deepEqual(requests[1]?.arguments, {
      path: "ping",
      arg: ["-c", "3", "10.0.0.1"],
      "capture-output": true,
    });
  });

  it("sees the end of a quick program soon, and asks ever more rarely after a slow one", async () => {
    const endOf = async (polls: number) => {
      const clock = sleepingClock();
      const { host } = guest({ polls, status: { exitcode: 0 } });
      await guestExec(host, PATH, ["true"], { timeoutMs: 5000, clock });
      return clock.monotonicMs();
    };
    assert.deepEqual([await endOf(1), await endOf(2), await endOf(4)], [0, 5, 35]);
    assert.equal((await endOf(12)) - (await endOf(11)), 200);
  });

  it("shows a death by signal as a shell would", async () => {
    const { host } = guest({ polls: 1, status: { signal: 9 } });
    const options = { timeoutMs: 5000, clock: sleepingClock() };
    assert.equal((await guestExec(host, PATH, ["sleep", "9"], options)).exitCode, 137);
  });

  it("gives up a program that does not end, and says that it may still run", async () => {
    const { host } = guest({ polls: 1_000_000 });
    const options = { timeoutMs: 5000, clock: sleepingClock() };
    await assert.rejects(guestExec(host, PATH, ["sleep", "infinity"], options), {
      reason: "COMMAND_TIMED_OUT",
      retry: "observe-first",
    });
  });

  it("says that the VM does not run", async () => {
    const options = { timeoutMs: 5000, clock: new ManualClock() };
    await assert.rejects(guestExec(createScriptedHost({}), PATH, ["true"], options), {
      reason: "VM_NOT_RUNNING",
    });
  });
});

describe("guestPing", () => {
  it("tells an agent that answers from one that is silent", async () => {
    assert.equal(await guestPing(guest({ polls: 1 }).host, PATH, 1000), true);
    const silent = createScriptedHost({ sockets: { [PATH]: { answer: () => [] } } });
    assert.equal(await guestPing(silent, PATH, 1000), false);
  });
});
