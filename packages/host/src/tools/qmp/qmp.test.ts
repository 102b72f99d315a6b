import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "@switchyard/runtime";
import { createScriptedHost, type ScriptedPeer } from "../../testing/scripted-host.ts";
import { openQmp, queryStatus } from "./qmp.ts";

const PATH = "/run/switchyard/vms/web-1/qmp.sock";
const GREETING =
  '{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": "Debian"}, "capabilities": ["oob"]}}';
const EVENT = '{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "RESUME"}';

/** QEMU that answers each command by name and puts an event before every answer. */
const peer = (answers: Readonly<Record<string, object>>): ScriptedPeer => ({
  open: [EVENT, GREETING],
  answer: (line) => {
    const { execute, id } = JSON.parse(line) as { execute: string; id: string };
    const answer = answers[execute];
    return answer === undefined ? [EVENT] : [EVENT, JSON.stringify({ ...answer, id })];
  },
});
const open = (answers: Readonly<Record<string, object>>) => {
  const host = createScriptedHost({ sockets: { [PATH]: peer(answers) } });
  return openQmp(host, PATH, { clock: new ManualClock() });
};
const READY = { qmp_capabilities: { return: {} } };

describe("openQmp", () => {
  it("negotiates and answers past events", async () => {
    const status = { return: { status: "running", singlestep: false, running: true } };
    const session = await open({ ...READY, "query-status": status });
    assert.deepEqual(await queryStatus(session), { status: "running", isRunning: true });
    session.close();
  });

  it("gives each of several calls at once its own answer", async () => {
    const session = await open({ ...READY, a: { return: 1 }, b: { return: 2 } });
    assert.deepEqual(
      await Promise.all([session.execute("a"), session.execute("b"), session.execute("a")]),
      [1, 2, 1],
    );
  });

  it("skips the late answer to a command that was given up", async () => {
    const late = { ...READY, a: { return: 1 } };
    const host = createScriptedHost({
      sockets: {
        [PATH]: {
          ...peer(late),
          answer: (line) => ['{"return": "old", "id": "sy-99"}', ...peer(late).answer(line)],
        },
      },
    });
    const session = await openQmp(host, PATH, { clock: new ManualClock() });
    assert.equal(await session.execute("a"), 1);
  });

  it("carries QEMU's class and words when it refuses", async () => {
    const error = { class: "CommandNotFound", desc: "The command x has not been found" };
    const session = await open({ ...READY, x: { error } });
    await assert.rejects(session.execute("x"), {
      reason: "COMMAND_FAILED",
      metadata: { argv: "x", qmpClass: error.class, stderr: error.desc },
    });
  });

  it("says that the VM does not run when nobody listens or the socket closes", async () => {
    await assert.rejects(openQmp(createScriptedHost({}), PATH), { reason: "VM_NOT_RUNNING" });
    const session = await open(READY);
    await assert.rejects(session.execute("silent"), { reason: "VM_NOT_RUNNING" });
  });
});
