import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseIpv4Cidr } from "../values/ipv4.ts";
import { parseMacAddress } from "../values/mac-address.ts";
import { type DiskEdit, diskFiles, type EditableRoot, withEmptyRootPassword } from "./disk-edit.ts";

const ROOT: EditableRoot = {
  shadow: "bin:*:19000:0:99999:7:::\nroot:!locked::0:99999:7:::\nada:$6$x:19000::::::\n",
  hasNetworkManager: false,
  hasNetworkd: false,
  hasSelinux: false,
};

const EDIT: DiskEdit = {
  hostname: "web-1",
  sshKeys: [],
  hasEmptyRootPassword: false,
  nics: [
    {
      mac: parseMacAddress("52:54:00:cb:45:11"),
      address: parseIpv4Cidr("192.168.101.20/24"),
    },
  ],
};

const written = (edit: Partial<DiskEdit>, root: Partial<EditableRoot> = {}) =>
  new Map(
    diskFiles({ ...EDIT, ...edit }, { ...ROOT, ...root }).map(({ path, text }) => [path, text]),
  );

describe("withEmptyRootPassword", () => {
  it("empties root's password wherever root's line is, and nobody else's", () => {
    assert.equal(
      withEmptyRootPassword(ROOT.shadow),
      "bin:*:19000:0:99999:7:::\nroot:::0:99999:7:::\nada:$6$x:19000::::::\n",
    );
  });

  it("finds nothing to empty where there is no root", () => {
    assert.equal(withEmptyRootPassword("rooty:x:\n"), undefined);
  });
});

describe("diskFiles", () => {
  it("leaves passwords and keys alone unless asked", () => {
    assert.deepEqual([...written({})], [["/etc/hostname", "web-1\n"]]);
  });

  it("gives root its keys and no password where a developer wants that", () => {
    const files = written({ sshKeys: ["ssh-ed25519 AAAA ada"], hasEmptyRootPassword: true });
    assert.equal(files.get("/root/.ssh/authorized_keys"), "ssh-ed25519 AAAA ada\n");
    assert.match(files.get("/etc/shadow") ?? "", /^root:::0/m);
  });

  it("tells the guest's own network manager of each NIC by its MAC", () => {
    const keyfile = written({}, { hasNetworkManager: true, hasNetworkd: true });
    const path = "/etc/NetworkManager/system-connections/switchyard-nic0.nmconnection";
    assert.match(keyfile.get(path) ?? "", /mac-address=52:54:00:cb:45:11\n/);
    assert.match(keyfile.get(path) ?? "", /address1=192\.168\.101\.20\/24\n/);
    assert.equal(keyfile.size, 2);
    const networkd = written({}, { hasNetworkd: true });
    assert.equal(
      networkd.get("/etc/systemd/network/10-switchyard-nic0.network"),
      "[Match]\nMACAddress=52:54:00:cb:45:11\n[Network]\nAddress=192.168.101.20/24\n",
    );
  });

  it("has new files labelled where the guest labels files", () => {
    assert.ok(written({}, { hasSelinux: true }).has("/.autorelabel"));
  });
});
