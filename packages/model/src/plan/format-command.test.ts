import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatCommand } from "./format-command.ts";

describe("formatCommand", () => {
  it("shows plain words as they are", () => {
    const argv = ["devlink", "dev", "eswitch", "set", "pci/0000:82:00.0", "mode", "switchdev"];
    assert.equal(
      formatCommand({ kind: "run", argv }),
      "devlink dev eswitch set pci/0000:82:00.0 mode switchdev",
    );
  });

  it("quotes what a shell would take apart", () => {
    assert.equal(
      formatCommand({ kind: "run", argv: ["echo", "a b", "it's", "$HOME", ""] }),
      "echo 'a b' 'it'\\''s' '$HOME' ''",
    );
  });

  it("leaves names that are not known yet in their angle brackets", () => {
    assert.equal(
      formatCommand({ kind: "run", argv: ["ip", "link", "set", "dev", "<representor pf0vf0>"] }),
      "ip link set dev <representor pf0vf0>",
    );
  });

  it("shows a write as an echo into the file", () => {
    const path = "/sys/bus/pci/devices/0000:82:00.0/sriov_numvfs";
    assert.equal(formatCommand({ kind: "write", path, text: "2" }), `echo 2 > ${path}`);
  });
});
