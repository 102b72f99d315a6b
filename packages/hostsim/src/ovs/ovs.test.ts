import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { addBridge, addPort, readOvs, restartOvs, setHwOffload, startOvs } from "@switchyard/host";
import { ovsAddBridge } from "@switchyard/model";
import { createSimHost } from "../fleet.ts";
import type { SimHost } from "../sim-host.ts";
import { makeVfs, run, tryRun } from "../testing/seed-procedure.ts";

describe("Open vSwitch that is not started", () => {
  it("has no database to connect to", async () => {
    const host = createSimHost();
    const { exitCode, stderr } = await tryRun(host, "ovs-vsctl --timeout=10 list-br");
    assert.equal(exitCode, 1);
    assert.match(stderr, /db.sock: database connection failed \(No such file or directory\)/);
    assert.equal((await readOvs(host))?.isRunning, false);
  });

  it("starts at boot where systemd is told to", async () => {
    const host = createSimHost({ overrides: { startsOvsAtBoot: true } });
    await host.reboot("test");
    assert.equal((await readOvs(host))?.isRunning, true);
    assert.equal(await run(host, "systemctl is-active openvswitch"), "active\n");
  });
});

describe("ovs-vsctl", () => {
  let host: SimHost;
  beforeEach(async () => {
    host = createSimHost();
    await startOvs(host);
  });
  const vsctl = (line: string) => tryRun(host, `ovs-vsctl --timeout=10 ${line}`);

  it("changes nothing when one sub-command of a transaction fails", async () => {
    const { exitCode, stderr } = await vsctl("add-br br0 -- add-port br9 eno2");
    assert.deepEqual([exitCode, stderr], [1, "ovs-vsctl: no bridge named br9\n"]);
    assert.equal(await run(host, "ovs-vsctl list-br"), "");
  });

  it("makes a bridge with our mark in one transaction, and again", async () => {
    await run(host, ovsAddBridge("br0"));
    await run(host, ovsAddBridge("br0"));
    assert.equal((await readOvs(host))?.bridges[0]?.isOurs, true);
    assert.equal(await host.exists("/sys/class/net/br0"), true);
  });

  it("words its refusals as the real one", async () => {
    await vsctl("add-br br0 -- add-br br1 -- add-port br0 eno2");
    const stderr = async (line: string) => (await vsctl(line)).stderr;
    assert.equal(
      await stderr("add-br br0"),
      "ovs-vsctl: cannot create a bridge named br0 because a bridge named br0 already exists\n",
    );
    assert.equal(
      await stderr("add-port br0 eno2"),
      "ovs-vsctl: cannot create a port named eno2 because a port named eno2 already exists on bridge br0\n",
    );
    assert.equal((await vsctl("--may-exist add-port br1 eno2")).exitCode, 1);
    assert.equal(await stderr("del-port nope"), "ovs-vsctl: no port named nope\n");
    assert.equal(await stderr("list Bridge zzz"), 'ovs-vsctl: no row "zzz" in table Bridge\n');
    assert.equal(await stderr("list Bogus"), 'ovs-vsctl: unknown table "Bogus"\n');
    assert.equal(
      await stderr("get Open_vSwitch . other_config:tc-policy"),
      'ovs-vsctl: no key "tc-policy" in Open_vSwitch record "." column other_config\n',
    );
    assert.match(await stderr("frobnicate"), /unknown command 'frobnicate'; use --help for help/);
  });

  it("prints an empty line for a key that --if-exists may miss, and quotes for true", async () => {
    assert.equal((await vsctl("--if-exists get Open_vSwitch . other_config:x")).stdout, "\n");
    await vsctl("set Open_vSwitch . other_config:hw-offload=true");
    assert.equal((await vsctl("get Open_vSwitch . other_config:hw-offload")).stdout, '"true"\n');
    await vsctl("remove Open_vSwitch . other_config hw-offload");
    assert.equal((await vsctl("get Open_vSwitch . other_config")).stdout, "{}\n");
  });

  it("says by its exit status whether a bridge exists", async () => {
    await vsctl("add-br br0");
    assert.equal((await vsctl("br-exists br0")).exitCode, 0);
    const absent = await vsctl("br-exists br1");
    assert.deepEqual([absent.exitCode, absent.stderr], [2, ""]);
  });

  it("lists ports and finds their bridge, leaving the bridge's own port out", async () => {
    await vsctl("add-br br0 -- add-port br0 eno3 -- add-port br0 eno2");
    assert.equal((await vsctl("list-ports br0")).stdout, "eno2\neno3\n");
    assert.equal((await vsctl("port-to-br eno2")).stdout, "br0\n");
    assert.equal((await vsctl("iface-to-br eno3")).stdout, "br0\n");
  });

  it("encodes sets, maps and uuids as RFC 7047 says", async () => {
    await vsctl("add-br br0 -- set bridge br0 external_ids:managed-by=switchyard");
    const text = await run(
      host,
      "ovs-vsctl --format=json --columns=name,ports,external_ids,fail_mode find Bridge name=br0",
    );
    const { data, headings } = JSON.parse(text) as { data: unknown[][]; headings: string[] };
    assert.deepEqual(headings, ["name", "ports", "external_ids", "fail_mode"]);
    assert.match(JSON.stringify(data[0]?.[1]), /^\["uuid","[0-9a-f-]{36}"\]$/);
    assert.deepEqual(data[0]?.slice(2), [
      ["map", [["managed-by", "switchyard"]]],
      ["set", []],
    ]);
  });

  it("records a port without a device, warns, and exits 0", async () => {
    await vsctl("add-br br0");
    const { exitCode, stderr } = await vsctl("add-port br0 eth7");
    assert.equal(exitCode, 0);
    assert.match(
      stderr,
      /while setting up 'eth7': could not open network device eth7 \(No such device\)/,
    );
    assert.match(stderr, /The default log directory is "\/var\/log\/openvswitch"/);
    assert.equal((await vsctl("get Interface eth7 ofport")).stdout, "-1\n");
    await assert.rejects(addPort(host, "br0", "eth8"), { reason: "OVS_PORT_BROKEN" });
  });

  it("shows a port as broken once its representor has gone", async () => {
    await makeVfs(host, 1);
    await addBridge(host, "br0");
    await addPort(host, "br0", "eth0");
    await host.writeFile("/sys/bus/pci/devices/0000:82:00.0/sriov_numvfs", "0");
    const [port] = (await readOvs(host))?.bridges[0]?.ports ?? [];
    assert.deepEqual(
      [port?.ofport, port?.error],
      [-1, "could not open network device eth0 (No such device)"],
    );
  });

  it("dies of its alarm when vswitchd does not answer, although the change is in the database", async () => {
    await run(host, `kill ${(await host.readFile("/run/openvswitch/ovs-vswitchd.pid")).trim()}`);
    const { exitCode, stderr } = await vsctl("add-br br0");
    assert.equal(exitCode, 142);
    assert.match(stderr, /terminating with signal 14 \(Alarm clock\)/);
    assert.equal((await vsctl("list-br")).stdout, "br0\n");
    assert.equal((await vsctl("--no-wait add-br br1")).exitCode, 0);
    const late = host.run({ argv: ["ovs-vsctl", "add-br", "br2"], timeoutMs: 10 });
    await assert.rejects(late, { reason: "COMMAND_TIMED_OUT" });
  });
});

describe("hw-offload", () => {
  it("is in effect only after a restart", async () => {
    const host = createSimHost();
    await startOvs(host);
    await setHwOffload(host, true);
    assert.equal(host.machine.boot.vswitchd?.offloads, false);
    await restartOvs(host);
    assert.equal(host.machine.boot.vswitchd?.offloads, true);
  });
});

describe("the database of Open vSwitch", () => {
  it("survives a reboot, after which ports without devices are in error", async () => {
    const host = createSimHost();
    await makeVfs(host, 1);
    await startOvs(host);
    await addBridge(host, "br0");
    await addPort(host, "br0", "eth0");
    await host.reboot("test");
    assert.equal((await readOvs(host))?.isRunning, false);
    await startOvs(host);
    const bridge = (await readOvs(host))?.bridges[0];
    assert.equal(bridge?.name, "br0");
    assert.match(bridge?.ports[0]?.error ?? "", /could not open network device eth0/);
  });
});
