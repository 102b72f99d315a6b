import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseBmcAddress } from "@switchyard/model";
import {
  applySteps,
  buildBareR740,
  buildDatapath,
  buildHostDesired,
  buildTeardown,
} from "@switchyard/testkit/builders";
import { planHost } from "../plan-host.ts";
import { diffHost } from "./diff-host.ts";

describe("diffHost", () => {
  it("shows every field of a bare host that differs", () => {
    const datapath = buildDatapath({ vfCount: 1 });
    assert.deepEqual(
      diffHost(buildHostDesired(datapath), buildBareR740()).map(
        ({ field, observed, desired }) => `${field}: ${observed} -> ${desired}`,
      ),
      [
        "pf[0000:82:00.0].eswitch_mode: legacy -> switchdev",
        "pf[0000:82:00.0].vf_count: 0 -> 1",
        "pf[0000:82:00.0].vf[0].vdpa.mac: none -> 52:54:00:cb:00:00",
        "pf[0000:82:00.0].vf[0].vdpa.max_vqp: none -> 16",
        "bridge[cxbr0]: absent -> present",
        "bridge[cxbr0].port[enp130s0f0np0]: absent -> present",
        "bridge[cxbr0].port[<representor pf0vf0>]: absent -> present",
        "bridge[cxbr0].link: down -> up",
        "bridge[cxbr0].address: none -> 192.168.101.2/24",
        "ovs.hw_offload: false -> true",
      ],
    );
  });

  it("shows BIOS settings that are not in force, and those that a boot would take away", () => {
    const facts = {
      model: "PowerEdge R740",
      biosVersion: "2.21.2",
      powerState: "on",
      systemPath: "/redfish/v1/Systems/System.Embedded.1",
      biosAttributes: { ProcVirtualization: "Disabled", SriovGlobalEnable: "Enabled", Delay: 60 },
      pendingAttributes: { SriovGlobalEnable: "Disabled" },
      jobs: [],
    } as const;
    const bmc = {
      address: parseBmcAddress("https://10.21.0.11"),
      trust: { kind: "public-key", pin: `sha256//${"A".repeat(43)}=` },
      facts,
    } as const;
    const attributes = { ProcVirtualization: "Enabled", SriovGlobalEnable: "Enabled", Delay: "60" };
    const desired = { ...buildHostDesired(), bios: { attributes } };
    const shown = diffHost(desired, buildBareR740({ bmc }))
      .filter(({ field }) => field.startsWith("bios"))
      .map(({ field, observed, desired: wanted }) => `${field}: ${observed} -> ${wanted}`);
    assert.deepEqual(shown, [
      "bios[ProcVirtualization]: Disabled -> Enabled",
      "bios[SriovGlobalEnable]: Disabled at the next boot -> Enabled",
    ]);
    const silent = { ...bmc, facts: undefined };
    const unseen = diffHost(desired, buildBareR740({ bmc: silent }));
    assert.ok(!unseen.some(({ field }) => field.startsWith("bios")));
  });

  it("is empty where the plan is", () => {
    const bare = buildBareR740();
    const host = applySteps(bare, planHost(buildHostDesired(), bare).steps);
    assert.deepEqual(diffHost(buildHostDesired(), host), []);
  });

  it("has no fields to show for a teardown", () => {
    assert.deepEqual(diffHost(buildTeardown(), buildBareR740()), []);
  });
});
