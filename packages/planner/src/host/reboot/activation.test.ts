import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type {
  FirmwareSpec,
  HostDesired,
  HostPlan,
  Inventory,
  NicFirmwareFacts,
  Pf,
} from "@switchyard/model";
import {
  applySteps,
  buildBareR740,
  buildConnectX6,
  buildDatapath,
  buildFirmwareFacts,
  buildFirmwareImage,
  buildHostDesired,
} from "@switchyard/testkit/builders";
import { planHost } from "../plan-host.ts";

const OLD = "22.27.61.06";
const NEW = "22.39.10.02";

const observed = (
  facts: Partial<NicFirmwareFacts> = {},
  change: (pf: Pf) => Partial<Pf> = () => ({}),
): Inventory => {
  const card = buildConnectX6(OLD);
  const pfs = card.pfs.map((pf) => ({ ...pf, ...change(pf) }));
  const firmwareFacts = buildFirmwareFacts({ resetLevels: [3, 4], ...facts });
  return buildBareR740({ nics: [{ ...card, pfs, firmwareFacts }] });
};

const wish = (spec: Partial<FirmwareSpec> = {}): HostDesired => ({
  ...buildHostDesired(buildDatapath()),
  firmware: {
    images: [buildFirmwareImage(NEW)],
    config: { CQE_COMPRESSION: "AGGRESSIVE" },
    allowsDowngrade: false,
    allowsCardReset: true,
    ...spec,
  },
});

const kindsOf = ({ steps }: HostPlan) => new Set(steps.map(({ kind }) => kind));

function assertBoots(plan: HostPlan, found: RegExp | undefined) {
  assert.equal(kindsOf(plan).has("ensureCardReset"), false);
  assert.equal(kindsOf(plan).has("ensureRebooted"), true);
  const finding = plan.findings.find(({ reason }) => reason === "CARD_RESET_UNFIT");
  assert.equal(finding?.severity, found && "warning");
  if (found !== undefined) assert.match(finding?.found ?? "", found);
}

describe("what brings firmware into force", () => {
  it("is a reset of the card where that is enough, and nothing is left to do then", () => {
    const from = observed();
    const plan = planHost(wish(), from);
    const reset = plan.steps.find(({ kind }) => kind === "ensureCardReset");
    assert.deepEqual(
      reset?.commands.map((each) => each.kind === "run" && each.argv.join(" ")),
      ["mstfwreset -d 0000:82:00.0 -l 3 -y reset"],
    );
    assert.equal(plan.disruption === "reboot", false);
    assert.deepEqual(planHost(wish(), applySteps(from, plan.steps)).steps, []);
  });

  it("is a boot where the profile does not allow a reset", () => {
    assertBoots(planHost(wish({ allowsCardReset: false }), observed()), undefined);
  });

  it("is the boot that something else needs anyway", () => {
    const desired = { ...wish(), reboot: { reason: "new microcode" } };
    assertBoots(planHost(desired, observed()), undefined);
  });

  it("is a boot where the card offers no level 3", () => {
    assertBoots(planHost(wish(), observed({ resetLevels: [4, 5] })), /levels 4, 5, and not 3/);
    assertBoots(
      planHost(wish(), observed({ tools: undefined, config: [] })),
      /reset levels are not known/,
    );
  });

  it("is a boot while something is on either port of the card", () => {
    const second = (change: Partial<Pf>) => (pf: Pf) => (pf.pciAddress.endsWith("1") ? change : {});
    const busy = observed({}, second({ carriesManagement: true }));
    assertBoots(planHost(wish(), busy), /carries the management path/);
    const withVfs = observed({}, second({ vfCount: 4 }));
    assertBoots(planHost(wish(), withVfs), /has VFs \(4\)/);
  });

  it("is the power off and on where the card keeps its firmware over a boot", () => {
    const plan = planHost(wish(), observed({ needsColdCycle: true }));
    const boot = plan.steps.find(({ kind }) => kind === "ensureRebooted");
    assert.equal(boot?.kind === "ensureRebooted" && boot.arguments.isCold, true);
  });
});
