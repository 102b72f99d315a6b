import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createScriptedHost } from "@switchyard/host";
import { InvalidInputError } from "@switchyard/model";
import { parseNicProfile } from "./nic-profile-file.ts";
import { loadMappedNicProfiles } from "./nic-profiles.ts";

const TEXT = `
kind: mapped
name: lab
model: Lab NIC
serial: 000123
driver: netdevsim
modules: [vp_vdpa, vhost_vdpa]
pfs:
  - pci_address: 0000:09:00.0
    netdev: ens9
    devlink_handle: netdevsim/netdevsim1
    num_vfs_path: /sys/bus/netdevsim/devices/netdevsim1/sriov_numvfs
    total_vfs: 2
    vfs:
      - index: 0
        pci_address: 0000:01:00.0
        driver: vp-vdpa
        mgmtdev: pci/0000:01:00.0
        representor: ens4
        fixed_mac: 52:54:00:12:34:56
      - index: 1
        pci_address: 0000:02:00.0
        driver: vp-vdpa
        mgmtdev: pci/0000:02:00.0
        representor: ens5
`;

/** Fields that are refused in the text. */
function violationsOf(text: string): readonly string[] {
  try {
    parseNicProfile(text, "lab.yaml");
    return [];
  } catch (error) {
    assert.ok(error instanceof InvalidInputError);
    assert.equal(error.reason, "FIELD_INVALID");
    return error.violations.map(({ field }) => field);
  }
}

describe("parseNicProfile", () => {
  it("reads a profile, and neither MACs nor serial numbers as numbers", () => {
    const profile = parseNicProfile(TEXT, "lab.yaml");
    assert.equal(profile.serial, "000123");
    const [pf] = profile.pfs;
    assert.deepEqual([pf?.pciAddress, pf?.totalVfs], ["0000:09:00.0", 2]);
    assert.deepEqual(
      pf?.vfs.map(({ index, fixedMac }) => [index, fixedMac]),
      [
        [0, "52:54:00:12:34:56"],
        [1, undefined],
      ],
    );
  });

  it("names every field that is wrong, not the first", () => {
    const wrong = TEXT.replace("name: lab", "nmae: lab")
      .replace("total_vfs: 2", "total_vfs: two")
      .replace("pci_address: 0000:02:00.0", "pci_address: 02:00.0");
    assert.deepEqual(violationsOf(wrong), [
      "name",
      "pfs[0].total_vfs",
      "pfs[0].vfs[1].pci_address",
      "nmae",
    ]);
  });

  it("refuses VFs that are out of order or too many", () => {
    assert.deepEqual(violationsOf(TEXT.replace("index: 1", "index: 3")), ["pfs[0].vfs"]);
    assert.deepEqual(violationsOf(TEXT.replace("total_vfs: 2", "total_vfs: 1")), ["pfs[0].vfs"]);
  });

  it("refuses what is no YAML and what is no mapping", () => {
    assert.throws(() => parseNicProfile("a: [", "lab.yaml"), { reason: "FIELD_INVALID" });
    assert.ok(violationsOf("just text").includes("(file)"));
  });
});

describe("loadMappedNicProfiles", () => {
  it("reads the files of the folder in the order of their names, and only YAML", async () => {
    const folder = "/etc/switchyard/nic-profiles";
    const files = {
      [`${folder}/20.yaml`]: TEXT.replace("name: lab", "name: second"),
      [`${folder}/10.yaml`]: TEXT,
      [`${folder}/README`]: "not a profile",
    };
    const profiles = await loadMappedNicProfiles(createScriptedHost({ files }));
    assert.deepEqual(
      profiles.map(({ name }) => name),
      ["lab", "second"],
    );
  });

  it("finds none where there is no folder", async () => {
    assert.deepEqual(await loadMappedNicProfiles(createScriptedHost({})), []);
  });
});
