import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { startOvs } from "@switchyard/host";
import { createSimHost } from "../fleet.ts";
import type { SimHost } from "../sim-host.ts";
import { run, tryRun } from "../testing/seed-procedure.ts";

const COOKIE = "0x5357525400cb4511";
const MAC = "52:54:00:cb:45:11";

describe("settings of a port", () => {
  let host: SimHost;
  beforeEach(async () => {
    host = createSimHost();
    await startOvs(host);
    await run(host, "ovs-vsctl add-br br0 -- add-port br0 eno2");
  });
  const vsctl = (line: string) => run(host, `ovs-vsctl --timeout=10 ${line}`);
  const rows = async (table: string) => {
    const text = await vsctl(`--format=json --columns=_uuid list ${table}`);
    return (JSON.parse(text) as { data: [[string, string]][] }).data.map(([[, uuid]]) => uuid);
  };
  const shape =
    "-- set port eno2 qos=@q -- --id=@q create qos type=linux-htb other_config:max-rate=1000000 " +
    "queues:0=@d -- --id=@d create queue other_config:burst=1000";

  it("keeps tag and policing", async () => {
    await vsctl("-- set port eno2 tag=40 -- set interface eno2 ingress_policing_rate=1000");
    assert.equal(await vsctl("get port eno2 tag"), "40\n");
    assert.equal(await vsctl("get interface eno2 ingress_policing_rate"), "1000\n");
    await vsctl("clear port eno2 tag");
    assert.equal(await vsctl("get port eno2 tag"), "[]\n");
  });

  it("makes rows that name each other in one transaction, and prints their ids", async () => {
    const printed = await vsctl(shape);
    const [qos = ""] = await rows("QoS");
    const [queue = ""] = await rows("Queue");
    assert.equal(printed, `${qos}\n${queue}\n`);
    assert.equal(await vsctl("get port eno2 qos"), `${qos}\n`);
    const listed = await vsctl("--format=json --columns=queues list QoS");
    assert.deepEqual(JSON.parse(listed), {
      data: [[["map", [[0, ["uuid", queue]]]]]],
      headings: ["queues"],
    });
  });

  it("keeps rows whose port is gone, and refuses to delete one that is named", async () => {
    await vsctl(shape);
    const [qos = ""] = await rows("QoS");
    const refused = await tryRun(host, `ovs-vsctl --timeout=10 destroy QoS ${qos}`);
    assert.equal(refused.exitCode, 1);
    assert.match(
      refused.stderr,
      /^ovs-vsctl: transaction error: .*referential integrity violation/,
    );
    assert.match(refused.stderr, new RegExp(`cannot delete QoS row ${qos} because of 1 remaining`));
    await vsctl("del-port br0 eno2");
    assert.equal((await rows("QoS")).length, 1);
    const [queue = ""] = await rows("Queue");
    await vsctl(`-- destroy QoS ${qos} -- destroy Queue ${queue}`);
    assert.deepEqual([await rows("QoS"), await rows("Queue")], [[], []]);
    await vsctl(`--if-exists destroy QoS ${qos}`);
  });

  it("keeps flows by cookie, prints them as the real one does, and forgets them with the daemon", async () => {
    const add = (flow: string) => run(host, ["ovs-ofctl", "add-flow", "br0", flow]);
    const dump = () =>
      run(host, `ovs-ofctl --no-stats --no-names dump-flows br0 cookie=${COOKIE}/-1`);
    const match = `arp,dl_src=${MAC},arp_sha=${MAC},arp_spa=192.168.101.20`;
    await add(`cookie=${COOKIE},priority=200,in_port=eno2,${match},actions=NORMAL`);
    await add(`cookie=${COOKIE},priority=100,in_port=eno2,actions=drop`);
    await add(`cookie=${COOKIE},priority=100,in_port=1,actions=drop`);
    await add("cookie=0x1,in_port=1,actions=drop");
    const lines = [
      ` cookie=${COOKIE}, priority=200,arp,in_port=1,dl_src=${MAC},arp_spa=192.168.101.20,arp_sha=${MAC} actions=NORMAL`,
      ` cookie=${COOKIE}, priority=100,in_port=1 actions=drop`,
    ];
    assert.equal(await dump(), lines.map((line) => `${line}\n`).join(""));
    await run(host, "ovs-ctl restart");
    assert.equal((await dump()).split("\n").length, 3, "a restart brings flows back");
    await run(host, ["ovs-ofctl", "del-flows", "br0", `cookie=${COOKIE}/-1`]);
    assert.equal(await dump(), "");
    const all = await run(host, "ovs-ofctl --no-stats dump-flows br0");
    assert.equal(all, " cookie=0x1, in_port=1 actions=drop\n priority=0 actions=NORMAL\n");
    await run(host, "ovs-ctl stop");
    await run(host, "ovs-ctl start");
    assert.equal(
      await run(host, "ovs-ofctl --no-stats dump-flows br0"),
      " priority=0 actions=NORMAL\n",
    );
  });

  it("words refusals of flows as the real one", async () => {
    const stderr = async (...words: readonly string[]) =>
      (await tryRun(host, ["ovs-ofctl", ...words].join(" "))).stderr;
    assert.equal(
      await stderr("dump-flows", "nope"),
      "ovs-ofctl: nope is not a bridge or a socket\n",
    );
    assert.equal(
      await stderr("add-flow", "br0", "in_port=eth9,actions=drop"),
      "ovs-ofctl: eth9: invalid or unknown port for in_port\n",
    );
  });
});
