import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Leftovers } from "@switchyard/model";
import { findDeviceLeaks, findLeaks, type OwningVm } from "./find-leaks.ts";

const web: OwningVm = { vm: "web-1", state: "running", macs: ["52:54:00:00:00:01"] };
const left: Leftovers = {
  runFolders: ["web-1"],
  diskFolders: ["web-1"],
  processes: [{ vm: "web-1", pid: 4242 }],
  shownDisks: [],
};
const textsOf = (vms: readonly OwningVm[], change: Partial<Leftovers> = {}) =>
  findLeaks(vms, { ...left, ...change }).map(({ text }) => text);

describe("findLeaks", () => {
  it("finds nothing where all belongs to VMs that are here", () => {
    assert.deepEqual(textsOf([web]), []);
  });

  it("lists everything of a VM that is gone", () => {
    assert.deepEqual(textsOf([]), [
      "process 4242 of web-1",
      "run folder of web-1",
      "disk folder of web-1",
    ]);
  });

  it("misses no process of a VM that is stopped, which keeps its disk", () => {
    assert.deepEqual(textsOf([{ ...web, state: "stopped" }]), ["process 4242 of web-1"]);
  });

  it("lists disks that are still shown, whoever's they are", () => {
    const shownDisks = [{ device: "/dev/nbd0", vm: "web-1" }];
    assert.deepEqual(textsOf([web], { shownDisks }), ["disk of web-1 at /dev/nbd0"]);
  });
});

describe("findDeviceLeaks", () => {
  it("finds a device that has the MAC of nobody", () => {
    const device = (mac: string) => ({ name: "vdpa0", mac });
    const [slot, own, lost] = ["52:54:00:00:00:09", "52:54:00:00:00:01", "52:54:00:00:00:02"];
    const devices = [slot, own, lost].map((mac) => device(mac ?? ""));
    assert.deepEqual(
      findDeviceLeaks([web], devices, [slot ?? ""]).map(({ text }) => text),
      [`vdpa0 has ${lost}, which is nobody's`],
    );
  });
});
