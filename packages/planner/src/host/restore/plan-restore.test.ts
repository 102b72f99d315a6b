import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { HostDesired, Inventory, Nic, Pf } from "@switchyard/model";
import {
  applySteps,
  buildBareR740,
  buildDatapath,
  buildHostDesired,
  buildSriovDatapath,
  buildTeardown,
  pciAddress,
  slotMac,
} from "@switchyard/testkit/builders";
import { isBlocked, planHost } from "../plan-host.ts";
import { afterReboot } from "../reboot/after-reboot.ts";
import { planRestore, portsOf } from "./plan-restore.ts";

const bonded = buildDatapath({
  bond: { name: "bond0", mode: "active-backup", ports: [{ kind: "port", port: 1 }] },
  slots: ["0000:82:00.0", "0000:82:00.1"].flatMap((pf, port) =>
    [0, 1].map((vfIndex) => ({
      pf: pciAddress(pf),
      vfIndex,
      mac: slotMac(8 * (port + 1) + vfIndex),
    })),
  ),
});

const WISHES: Readonly<Record<string, HostDesired>> = {
  "vDPA devices behind a bridge": buildHostDesired(buildDatapath({ vfCount: 8 })),
  "VFs for vfio": buildHostDesired(buildSriovDatapath()),
  "a bond of both ports": buildHostDesired(bonded),
};

/** A host with the wish applied, and the same host after its power was cut. */
function bootedHost(desired: HostDesired) {
  const bare = buildBareR740();
  const ready = applySteps(bare, planHost(desired, bare).steps);
  return { applied: { desired, ports: portsOf(desired, ready) }, booted: afterReboot(ready) };
}

const withPfs = (observed: Inventory, change: (pf: Pf, nic: Nic) => Pf): Inventory => ({
  ...observed,
  nics: observed.nics.map((nic) => ({ ...nic, pfs: nic.pfs.map((pf) => change(pf, nic)) })),
});

describe("planRestore", () => {
  for (const [what, desired] of Object.entries(WISHES)) {
    it(`makes ${what} again after a boot, and has nothing more to do then`, () => {
      const { applied, booted } = bootedHost(desired);
      const plan = planRestore(applied, booted);
      assert.deepEqual(plan.findings, []);
      assert.ok(plan.steps.length > 0);
      const after = applySteps(booted, plan.steps);
      assert.deepEqual(planRestore(applied, after).steps, []);
      assert.deepEqual(planHost(desired, after).steps, []);
    });

    it(`goes on with ${what} wherever it was interrupted`, () => {
      const { applied, booted } = bootedHost(desired);
      const { steps } = planRestore(applied, booted);
      for (let done = 0; done <= steps.length; done += 1) {
        const interrupted = applySteps(booted, steps.slice(0, done));
        const rest = planRestore(applied, interrupted);
        assert.equal(isBlocked(rest), false, `step ${done}`);
        const after = applySteps(interrupted, rest.steps);
        assert.deepEqual(planHost(desired, after).steps, [], `step ${done}`);
      }
    });
  }

  it("asks nothing of a host that was to be bare", () => {
    const { applied, booted } = bootedHost(buildTeardown());
    assert.deepEqual(planRestore(applied, booted).steps, []);
  });

  it("leaves firmware, packages and boots to people", () => {
    const { applied, booted } = bootedHost(buildHostDesired());
    const desired: HostDesired = {
      ...applied.desired,
      reboot: { reason: "once" },
      bios: { attributes: { SriovGlobalEnable: "Enabled" } },
    };
    const { steps } = planRestore({ ...applied, desired }, booted);
    assert.deepEqual(steps, planRestore(applied, booted).steps);
  });

  it("takes nothing away that somebody made since the boot", () => {
    const { applied, booted } = bootedHost(buildHostDesired(buildDatapath({ vfCount: 8 })));
    const made = applySteps(booted, planHost(buildHostDesired(), booted).steps);
    const plan = planRestore(applied, made);
    assert.equal(isBlocked(plan), true);
    assert.equal(plan.findings[0]?.reason, "RESTORE_UNSAFE");
  });

  it("stops where the uplink's NIC is another one", () => {
    const { applied, booted } = bootedHost(buildHostDesired());
    const swapped = {
      ...booted,
      nics: booted.nics.map((nic) => ({ ...nic, serial: "MT2244X99999" })),
    };
    const [finding] = planRestore(applied, swapped).findings;
    assert.equal(finding?.reason, "HARDWARE_CHANGED");
    assert.match(finding.found, /MT2244X99999/);
  });

  it("stops where the profile's port is another one, because a NIC came in", () => {
    const { applied, booted } = bootedHost(buildHostDesired());
    const [nic] = booted.nics;
    assert.ok(nic !== undefined);
    const added = withPfs({ ...booted, nics: [nic] }, (pf) => ({
      ...pf,
      pciAddress: pciAddress(pf.pciAddress.replace("82", "3b")),
    }));
    const both = { ...booted, nics: [...added.nics, ...booted.nics] };
    assert.equal(planRestore(applied, both).findings[0]?.reason, "HARDWARE_CHANGED");
  });

  it("stops where the NIC is gone", () => {
    const { applied, booted } = bootedHost(buildHostDesired());
    const { findings } = planRestore(applied, { ...booted, nics: [] });
    assert.equal(findings[0]?.reason, "HARDWARE_CHANGED");
  });
});
