import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { HostPlan } from "@switchyard/model";
import {
  applySteps,
  buildBareR740,
  buildDatapath,
  buildHostDesired,
  buildTeardown,
  cidr,
} from "@switchyard/testkit/builders";
import { isBlocked, planHost } from "../plan-host.ts";

const guardsOf = (plan: HostPlan): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(plan.steps.map(({ title, guard }) => [title, guard]));

const plan = planHost(
  buildHostDesired(buildDatapath({ bridge: { name: "cxbr0", address: cidr("192.168.101.1/24") } })),
  buildBareR740(),
);
const guarded = plan.steps.filter(({ guard }) => guard !== undefined);

describe("the guards of a plan", () => {
  it("are on what touches ports, addresses and Open vSwitch, and say why", () => {
    assert.deepEqual(
      [...new Set(guarded.map(({ kind }) => kind))].sort(),
      [
        "ensureBridgeAddress",
        "ensureBridgePort",
        "ensureEswitchMode",
        "ensureHwOffload",
        "ensureLinkState",
        "ensureVfCount",
      ].sort(),
    );
    assert.match(guardsOf(plan)["Switch 0000:82:00.0 to switchdev mode"] ?? "", /netdev of enp/);
  });

  it("leave alone what leads to a VM only", () => {
    const ofVms = plan.steps.filter(
      (step) =>
        step.kind === "ensureVdpaDevice" ||
        (step.kind === "ensureBridgePort" && step.arguments.link.kind === "representor"),
    );
    assert.ok(ofVms.length > 0);
    assert.deepEqual(
      ofVms.flatMap(({ guard }) => guard ?? []),
      [],
    );
  });

  it("are never on a step that can't be taken back", () => {
    const built = applySteps(buildBareR740(), plan.steps);
    const tearDown = planHost(buildTeardown(), built);
    assert.ok(tearDown.steps.some(({ isReversible }) => !isReversible));
    assert.deepEqual(
      tearDown.steps.filter(({ isReversible, guard }) => !isReversible && guard !== undefined),
      [],
    );
  });
});

describe("a port of ours that carries the management path", () => {
  it("is not retired for another uplink", () => {
    const built = applySteps(buildBareR740(), plan.steps);
    const managed = {
      ...built,
      nics: built.nics.map((nic) => ({
        ...nic,
        pfs: nic.pfs.map((pf, port) => ({ ...pf, carriesManagement: port === 0 })),
      })),
    };
    const moved = planHost(
      buildHostDesired(buildDatapath({ uplink: { kind: "port", port: 1 } })),
      managed,
    );
    assert.ok(moved.findings.some(({ reason }) => reason === "MANAGEMENT_PATH_AT_RISK"));
    assert.equal(isBlocked(moved), true);
  });
});
