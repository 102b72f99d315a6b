import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ovsAddBridge, ovsAddPort, ovsCtlStart, ovsDelBridge } from "@switchyard/model";
import { fixture } from "../../testing/fixture.ts";
import { createScriptedHost, type Reply } from "../../testing/scripted-host.ts";
import { ovsList } from "./commands.ts";
import { addBridge, addPort, deleteBridge, readFdb, readOvs, startOvs } from "./ovs.ts";

const captured = (name: string): Reply => ({ stdout: fixture(import.meta.url, name) });
const key = (argv: readonly string[]) => argv.join(" ");
const VERSION = { "ovs-vsctl --version": captured("version.ovs-3.1.0.txt") };
const FIXTURES = {
  Open_vSwitch: "open-vswitch.ovs-3.1.0.json",
  Bridge: "bridge.ovs-3.1.0.json",
  Port: "port.ovs-3.1.0.json",
  Interface: "interface.ovs-3.1.0.json",
  QoS: "qos.ovs-3.1.0.json",
  Queue: "queue.ovs-3.1.0.json",
};
const listing = (...tables: readonly (keyof typeof FIXTURES)[]) => ({
  [key(ovsList(tables))]: {
    stdout: tables.map((table) => fixture(import.meta.url, FIXTURES[table])).join(""),
  },
});
const ALL = ["Open_vSwitch", "Bridge", "Port", "Interface", "QoS", "Queue"] as const;
const DATABASE = ovsList(ALL);
const TABLES = {
  ...listing(...ALL),
  ...listing("Bridge", "Port", "Interface"),
  ...listing("Interface"),
};
const RUNNING = {
  "/var/run/openvswitch/db.sock": "",
  "/var/run/openvswitch/ovs-vswitchd.pid": "77\n",
  "/proc/77/stat": "77 (ovs-vswitchd) S 1 77 77 0 -1 0 0 0 0 0 5 5 0 0 10 -10 1 0 900 0 0",
};
const NO_DATABASE: Reply = {
  exitCode: 1,
  stderr:
    "ovs-vsctl: unix:/var/run/openvswitch/db.sock: database connection failed (No such file or directory)\n",
};

describe("readOvs", () => {
  it("knows that Open vSwitch is not installed", async () => {
    assert.equal(await readOvs(createScriptedHost({}), []), undefined);
  });

  it("tells an installed one that does not run", async () => {
    const ovs = await readOvs(createScriptedHost({ commands: VERSION }), []);
    assert.deepEqual([ovs?.version, ovs?.isRunning, ovs?.bridges], ["3.1.0", false, []]);
  });

  it("takes a socket that nobody listens on for a stopped one", async () => {
    const commands = { ...VERSION, [key(DATABASE)]: NO_DATABASE };
    const ovs = await readOvs(createScriptedHost({ commands, files: RUNNING }), []);
    assert.equal(ovs?.isRunning, false);
  });

  it("reads bridges with their ports, the broken one's error and the pending restart", async () => {
    const host = createScriptedHost({ commands: { ...VERSION, ...TABLES }, files: RUNNING });
    const ovs = await readOvs(host, []);
    assert.deepEqual([ovs?.isRunning, ovs?.hwOffload, ovs?.isRestartPending], [true, true, true]);
    const [ours, foreign] = ovs?.bridges ?? [];
    assert.deepEqual([ours?.name, ours?.isOurs], ["cxbr0", true]);
    assert.deepEqual(ours?.ports, [
      { name: "eth0", ofport: 3, error: undefined, linkState: "up" },
      { name: "eth1", ofport: 2, error: undefined, linkState: "up" },
      {
        name: "eth7",
        ofport: -1,
        error: "could not open network device eth7 (Address family not supported by protocol)",
        linkState: undefined,
      },
    ]);
    assert.deepEqual([foreign?.name, foreign?.isOurs, foreign?.ports], ["foreign0", false, []]);
  });

  it("does not call it running when only the database is", async () => {
    const files = { "/var/run/openvswitch/db.sock": "" };
    const host = createScriptedHost({ commands: { ...VERSION, ...TABLES }, files });
    const ovs = await readOvs(host, []);
    assert.equal(ovs?.isRunning, false);
    assert.equal(ovs?.bridges.length, 2);
  });
});

describe("addBridge and deleteBridge", () => {
  const hostWith = (argv: readonly string[], reply: Reply = {}) =>
    createScriptedHost({ commands: { ...TABLES, [key(argv)]: reply } });

  it("adds a new bridge and one of ours again", async () => {
    await addBridge(hostWith(ovsAddBridge("cxbr1")), "cxbr1");
    await addBridge(hostWith(ovsAddBridge("cxbr0")), "cxbr0");
  });

  it("neither takes over nor deletes a bridge without our mark", async () => {
    const reason = "BRIDGE_NOT_OURS";
    await assert.rejects(addBridge(hostWith(ovsAddBridge("foreign0")), "foreign0"), { reason });
    await assert.rejects(deleteBridge(hostWith(ovsDelBridge("foreign0")), "foreign0"), { reason });
  });

  it("takes a command that waited in vain for vswitchd for an OVS that does not run", async () => {
    const host = hostWith(ovsDelBridge("cxbr0"), { exitCode: 142 });
    await assert.rejects(deleteBridge(host, "cxbr0"), {
      reason: "OVS_NOT_RUNNING",
      retry: "observe-first",
    });
  });
});

describe("addPort", () => {
  const add = (port: string, reply: Reply) =>
    addPort(
      createScriptedHost({ commands: { ...TABLES, [key(ovsAddPort("cxbr0", port))]: reply } }),
      "cxbr0",
      port,
    );

  it("is content with a port that has its device", async () => {
    await assert.doesNotReject(add("eth0", {}));
  });

  it("finds a port without device behind exit status 0 and behind 65", async () => {
    await assert.rejects(add("eth7", { exitCode: 0, stderr: "ovs-vsctl: Error detected" }), {
      reason: "OVS_PORT_BROKEN",
    });
    await assert.rejects(add("eth7", { exitCode: 65 }), { reason: "OVS_PORT_BROKEN" });
  });

  it("says that the port is on another bridge", async () => {
    const stderr =
      "ovs-vsctl: cannot create a port named eth0 because a port named eth0 already exists on bridge br9\n";
    await assert.rejects(add("eth0", { exitCode: 1, stderr }), { reason: "OVS_CHANGE_FAILED" });
  });

  it("says that the database does not answer", async () => {
    await assert.rejects(add("eth0", NO_DATABASE), { reason: "OVS_NOT_RUNNING" });
  });
});

describe("startOvs", () => {
  it("keeps the daemons out of the agent's own service, so that they outlive it", async () => {
    const argv = `systemd-run --scope --collect --quiet -- ${key(ovsCtlStart())}`;
    const files = { "/run/systemd/system/x": "" };
    const host = createScriptedHost({ commands: { [argv]: {} }, files });
    await startOvs(host);
    assert.deepEqual(host.ran, [argv]);
  });

  it("says that the daemons did not come up", async () => {
    const reply = { exitCode: 1, stderr: "modprobe: FATAL: Module openvswitch not found\n" };
    const host = createScriptedHost({ commands: { [key(ovsCtlStart())]: reply } });
    await assert.rejects(startOvs(host), { reason: "OVS_NOT_RUNNING" });
  });
});

describe("readFdb", () => {
  const argv = "ovs-appctl --timeout=10 fdb/show cxbr0";

  it("reads the MACs that a bridge has learnt", async () => {
    const host = createScriptedHost({ commands: { [argv]: captured("fdb-show.ovs-3.1.0.txt") } });
    assert.deepEqual(await readFdb(host, "cxbr0"), [
      { ofport: 3, vlan: 0, mac: "52:54:00:cb:45:11", ageS: 1 },
    ]);
  });

  it("says that vswitchd does not answer", async () => {
    const stderr = 'ovs-appctl: cannot read pidfile "/var/run/openvswitch/ovs-vswitchd.pid"\n';
    const host = createScriptedHost({ commands: { [argv]: { exitCode: 1, stderr } } });
    await assert.rejects(readFdb(host, "cxbr0"), { reason: "OVS_NOT_RUNNING" });
  });
});
