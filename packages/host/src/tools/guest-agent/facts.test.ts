import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "@switchyard/runtime";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import { parseInterfaces, readGuestFacts } from "./facts.ts";

const PATH = "/run/switchyard/vms/web-1/qga.sock";

interface Request {
  readonly execute: string;
  readonly arguments?: { readonly id?: number };
}

/** A guest agent that knows these commands and no others. */
function guestKnowing(answers: Readonly<Record<string, unknown>>) {
  const answer = (line: string): readonly string[] => {
    const { execute, arguments: args } = JSON.parse(line) as Request;
    if (execute === "guest-sync-delimited") return [`\ufffd{"return": ${args?.id}}`];
    if (Object.hasOwn(answers, execute)) return [JSON.stringify({ return: answers[execute] })];
    return ['{"error": {"class": "CommandNotFound", "desc": "The command has been disabled"}}'];
  };
  return createScriptedHost({ sockets: { [PATH]: { answer } } });
}
const read = (host: ReturnType<typeof guestKnowing>) =>
  readGuestFacts(host, PATH, { timeoutMs: 1000, clock: new ManualClock() });

describe("readGuestFacts", () => {
  it("tells name, system and addresses, without the loopback", async () => {
    const host = guestKnowing({
      "guest-get-host-name": { "host-name": "web-1.example" },
      "guest-get-osinfo": { "pretty-name": "Rocky Linux 9.4", "kernel-release": "5.14.0" },
      "guest-network-get-interfaces": [
        { name: "lo", "ip-addresses": [{ "ip-address": "127.0.0.1", prefix: 8 }] },
        {
          name: "eth0",
          "hardware-address": "52:54:00:CB:45:11",
          "ip-addresses": [
            { "ip-address-type": "ipv4", "ip-address": "192.168.101.20", prefix: 24 },
            { "ip-address-type": "ipv6", "ip-address": "fe80::1", prefix: 64 },
          ],
        },
        { name: "eth1" },
      ],
    });
    assert.deepEqual(await read(host), {
      hostname: "web-1.example",
      os: "Rocky Linux 9.4",
      kernelRelease: "5.14.0",
      netdevs: [
        {
          name: "eth0",
          mac: "52:54:00:cb:45:11",
          addresses: ["192.168.101.20/24", "fe80::1/64"],
        },
        { name: "eth1", mac: "", addresses: [] },
      ],
    });
  });

  it("leaves empty what an older or restricted agent does not tell", async () => {
    const host = guestKnowing({ "guest-get-host-name": { "host-name": "old" } });
    assert.deepEqual(await read(host), {
      hostname: "old",
      os: "",
      kernelRelease: "",
      netdevs: [],
    });
  });

  it("takes no more of a guest's words than is of use, and no control characters", async () => {
    const host = guestKnowing({
      "guest-get-host-name": { "host-name": `\u001b[2J${"x".repeat(10_000)}` },
    });
    const { hostname } = await read(host);
    assert.equal(hostname.length, 128);
    assert.ok(hostname.startsWith(" [2Jx"));
    const many = Array.from({ length: 1000 }, (_, at) => ({ name: `eth${at}` }));
    assert.equal(parseInterfaces(many).length, 16);
    assert.deepEqual(parseInterfaces("nonsense"), []);
  });

  it("says that the VM does not run", async () => {
    await assert.rejects(read(createScriptedHost({})), { reason: "VM_NOT_RUNNING" });
  });
});
