import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseIpv4Cidr } from "../values/ipv4.ts";
import { parseMacAddress } from "../values/mac-address.ts";
import { type GuestSetup, seedFiles } from "./guest-setup.ts";
import type { VmDesired } from "./vm.ts";

const VM = {
  vm: "web-1",
  generation: 1,
  allocation: {
    nics: [
      {
        mac: parseMacAddress("52:54:00:cb:45:11"),
        address: parseIpv4Cidr("192.168.101.20/24"),
      },
      {
        mac: parseMacAddress("52:54:00:cb:45:12"),
        address: parseIpv4Cidr("10.0.0.20/24"),
      },
    ],
  },
} as unknown as VmDesired;

const KEY = "ssh-ed25519 AAAA ada@example";

function seedOf(change: Partial<GuestSetup>) {
  const setup: GuestSetup = {
    method: "cloud-init",
    sshKeys: [KEY],
    isNicUnmanaged: false,
    hasEmptyRootPassword: false,
    ...change,
  };
  const [user = "", meta, network] = seedFiles(VM, setup).map(({ text }) => text);
  assert.ok(user.startsWith("#cloud-config\n"));
  const parse = (text = "") => JSON.parse(text) as Record<string, unknown>;
  return {
    user: parse(user.slice("#cloud-config\n".length)),
    meta: parse(meta),
    network: parse(network),
  };
}

describe("seedFiles", () => {
  it("finds each NIC by its MAC, names it, and gives it its address", () => {
    assert.deepEqual(seedOf({}).network["ethernets"], {
      nic0: {
        match: { macaddress: "52:54:00:cb:45:11" },
        "set-name": "nic0",
        dhcp4: false,
        addresses: ["192.168.101.20/24"],
      },
      nic1: {
        match: { macaddress: "52:54:00:cb:45:12" },
        "set-name": "nic1",
        dhcp4: false,
        addresses: ["10.0.0.20/24"],
      },
    });
    assert.equal(seedOf({}).meta["local-hostname"], "web-1");
  });

  it("gives the keys to the image's own account where none is named", () => {
    assert.deepEqual(seedOf({}).user["ssh_authorized_keys"], [KEY]);
    const users = seedOf({ user: "ada" }).user["users"] as readonly Record<string, unknown>[];
    assert.deepEqual([users[0]?.["name"], users[0]?.["lock_passwd"]], ["ada", true]);
  });

  it("says nothing of keys where there are none: an empty list is no valid setting", () => {
    assert.equal("ssh_authorized_keys" in seedOf({ sshKeys: [] }).user, false);
    const users = seedOf({ user: "ada", sshKeys: [] }).user["users"] as readonly object[];
    assert.equal("ssh_authorized_keys" in (users[0] ?? {}), false);
  });

  it("leaves root's password alone unless it is asked to empty it", () => {
    assert.equal(seedOf({}).user["runcmd"], undefined);
    assert.deepEqual(seedOf({ hasEmptyRootPassword: true }).user["runcmd"], [
      ["passwd", "-d", "root"],
    ]);
  });

  it("keeps NetworkManager and cloud-init off a NIC that shall be unmanaged", () => {
    const { user, network } = seedOf({ isNicUnmanaged: true });
    assert.deepEqual(network, { config: "disabled" });
    assert.match(
      JSON.stringify(user["write_files"]),
      /unmanaged-devices=mac:52:54:00:cb:45:11;mac:52:54:00:cb:45:12/,
    );
    assert.match(JSON.stringify(user["bootcmd"]), /ip address replace 10\.0\.0\.20\/24/);
  });
});
