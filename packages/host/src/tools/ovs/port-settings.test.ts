import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { antiSpoofFlows, parseIpv4Address, parseMacAddress } from "@switchyard/model";
import { fixture } from "../../testing/fixture.ts";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import { parseNeighbours } from "../iproute/neighbours.ts";
import { parseVfPortSettings } from "../iproute/port-settings.ts";
import { ovsDumpOpenFlows, ovsList } from "./commands.ts";
import { hasExactly, listOpenFlows } from "./open-flows.ts";
import { joinBridges } from "./parse.ts";
import { readPortLimits } from "./port-settings.ts";
import { decodeTable, type OvsValue } from "./table.ts";

const MAC = parseMacAddress("52:54:00:cb:45:11");
const LISTED = fixture(import.meta.url, "port-settings.ovs-3.1.0.json");
const [Port = [], Interface = [], QoS = [], Queue = []] = LISTED.trimEnd()
  .split("\n")
  .map((line) => decodeTable(JSON.parse(line)));
const SEND = { bitsPerSecond: 1_000_000_000, burstBits: 10_000_000 };
const RECEIVE = { bitsPerSecond: 3_000_000_000, burstBits: 20_000_000 };

describe("settings of ports", () => {
  const ports = Port.map((row) => String((row.get("_uuid") as readonly string[])[0]));
  const bridge = new Map([
    ["name", ["br0"]],
    ["ports", ports],
  ]);

  it("are read with the bridges, and absent where nothing is set", () => {
    const [joined] = joinBridges({ Bridge: [bridge], Port, Interface, QoS, Queue });
    const settings = Object.fromEntries((joined?.ports ?? []).map((port) => [port.name, port]));
    assert.deepEqual(settings["eth0"]?.settings, {
      ...{ vlan: 40, sendLimit: SEND },
      receiveLimit: RECEIVE,
    });
    assert.ok(settings["p0"] !== undefined && !("settings" in settings["p0"]));
  });

  it("tell no limit of what goes out that others made", () => {
    const foreign = QoS.map(
      (row) => new Map<string, OvsValue>([...row, ["external_ids", new Map()]]),
    );
    const [joined] = joinBridges({ Bridge: [bridge], Port, Interface, QoS: foreign, Queue });
    assert.deepEqual(joined?.ports.find(({ name }) => name === "eth0")?.settings, {
      ...{ vlan: 40, sendLimit: SEND },
    });
  });

  it("are read with the rows of ours, also where the port is gone", async () => {
    const argv = ovsList(["Port", "Interface", "QoS", "Queue"]).join(" ");
    const host = createScriptedHost({ commands: { [argv]: { stdout: LISTED } } });
    const rows = {
      qos: ["c1a9a215-513f-423e-800c-adf6e4eb0010"],
      queues: ["d92b4d99-f54c-4d30-9b62-fb06111e99cf"],
    };
    const limits = await readPortLimits(host, { port: "eth0", mac: MAC });
    const [qos] = rows.qos;
    assert.deepEqual(limits, { isThere: true, send: SEND, receive: RECEIVE, qos, rows });
    const gone = await readPortLimits(host, { port: undefined, mac: MAC });
    assert.deepEqual([gone.isThere, gone.send, gone.rows], [false, undefined, rows]);
    const other = parseMacAddress("52:54:00:cb:45:22");
    assert.deepEqual((await readPortLimits(host, { port: "eth0", mac: other })).rows.qos, []);
  });
});

describe("flows of a NIC", () => {
  const argv = ovsDumpOpenFlows("cxbr0").join(" ");
  const stdout = fixture(import.meta.url, "dump-open-flows.ovs-3.1.0.txt");
  const read = () =>
    listOpenFlows(createScriptedHost({ commands: { [argv]: { stdout } } }), "cxbr0");
  const wanted = (port: number, address = "192.168.101.20") =>
    antiSpoofFlows({ port, mac: MAC, address: parseIpv4Address(address) });

  it("are read as Open vSwitch prints them, the bridge's own among them", async () => {
    const flows = await read();
    assert.equal(flows.length, 5);
    assert.deepEqual(flows.at(-1), { cookie: "0x0", priority: 0, match: [], actions: "NORMAL" });
    assert.equal(flows[0]?.cookie, "0x5357525400cb4511");
  });

  it("are the wanted ones whatever their order, and not those of another port or address", async () => {
    const flows = await read();
    assert.equal(hasExactly([...flows].reverse(), MAC, wanted(1)), true);
    assert.equal(hasExactly(flows, MAC, wanted(2)), false);
    assert.equal(hasExactly(flows, MAC, wanted(1, "192.168.101.21")), false);
    assert.equal(hasExactly(flows.slice(1), MAC, wanted(1)), false, "one is missing");
  });

  it("can't be read of a bridge that is not there", async () => {
    const stderr = "ovs-ofctl: cxbr0 is not a bridge or a socket\n";
    const host = createScriptedHost({ commands: { [argv]: { exitCode: 1, stderr } } });
    await assert.rejects(listOpenFlows(host, "cxbr0"), { reason: "OVS_CHANGE_FAILED" });
  });
});

describe("neighbours", () => {
  it("are told only where the kernel is sure of them", () => {
    const entry = (dst: string, state: string) => ({
      ...{ dst, dev: "cxbr0", lladdr: "52:54:00:CB:45:11", state: [state] },
    });
    const answer = [
      entry("192.168.101.20", "REACHABLE"),
      entry("192.168.101.21", "STALE"),
      { dst: "192.168.101.22", dev: "cxbr0", state: ["FAILED"] },
    ];
    assert.deepEqual(parseNeighbours(answer), [
      { netdev: "cxbr0", address: "192.168.101.20", mac: MAC },
    ]);
  });
});

describe("what a card does for a VF", () => {
  it("is read from the PF's list of VFs", () => {
    const info = { vf: 1, vlan_list: [{ vlan: 40 }], rate: { max_tx: 1000 }, spoofchk: true };
    const links = [{ ifname: "p0", vfinfo_list: [{ vf: 0, vlan_list: [{}] }, info] }];
    const read = (index: number) => parseVfPortSettings(links, { netdev: "p0", index });
    assert.deepEqual(read(1), { vlan: 40, isSpoofChecked: true, maxTxMbps: 1000 });
    assert.deepEqual(read(0), { vlan: 0, isSpoofChecked: false, maxTxMbps: 0 });
    assert.equal(read(2), undefined);
  });
});
