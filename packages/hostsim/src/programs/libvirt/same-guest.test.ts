import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { libvirtDomain, qemuVm } from "@switchyard/model";
import { guestHardware } from "../../testing/guest-hardware.ts";
import { GUEST, GUESTS } from "../../testing/guests.ts";
import { domainArgv } from "./domain-argv.ts";
import { parseXml } from "./xml.ts";

describe("the same VM by QEMU and by libvirt", () => {
  for (const [name, options] of Object.entries(GUESTS)) {
    it(`is the same guest: ${name}`, () => {
      const domain = parseXml(libvirtDomain(options));
      assert.ok(domain !== undefined);
      assert.deepEqual(
        guestHardware(domainArgv(domain, "/run/monitor.sock")),
        guestHardware(qemuVm(options)),
      );
    });
  }

  it("is not the same with another MAC, fewer queues or another slot", () => {
    const argv = qemuVm(GUEST);
    for (const [from, to] of [
      ["mac=52:54:00:cb:45:11", "mac=52:54:00:cb:45:12"],
      ["vectors=10", "vectors=4"],
      ["disable-legacy=on", "disable-legacy=off"],
    ] as const) {
      const changed = argv.map((word) => word.replace(from, to));
      assert.notDeepEqual(guestHardware(changed), guestHardware(argv), from);
    }
  });
});
