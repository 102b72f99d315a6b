import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type ConfigValue,
  type FirmwareSpec,
  type HostDesired,
  type HostPlan,
  type Inventory,
  type Nic,
  type NicFirmwareFacts,
  parsePsid,
  UNKNOWN_SYSTEM,
} from "@switchyard/model";
import {
  applySteps,
  buildBareR740,
  buildConnectX6,
  buildDatapath,
  buildFirmwareFacts,
  buildFirmwareImage,
  buildHostDesired,
  buildParameter,
} from "@switchyard/testkit/builders";
import { planHost } from "../plan-host.ts";

const OLD = "22.27.61.06";
const NEW = "22.39.10.02";

function observed(
  firmware: string,
  facts: Partial<NicFirmwareFacts> | undefined = {},
  nic: Partial<Nic> = {},
): Inventory {
  const card: Nic = {
    ...buildConnectX6(firmware),
    ...(facts !== undefined && { firmwareFacts: buildFirmwareFacts(facts) }),
    ...nic,
  };
  return buildBareR740({ nics: [card] });
}

function desired(spec: Partial<FirmwareSpec>, vfCount = 2): HostDesired {
  const firmware = { images: [], config: {}, allowsDowngrade: false, ...spec };
  return { ...buildHostDesired(buildDatapath({ vfCount })), firmware };
}

/** Kinds of the steps before the datapath's own. */
function firstKinds(plan: HostPlan): readonly string[] {
  const kinds = plan.steps.map(({ kind }) => kind);
  return kinds.slice(0, kinds.lastIndexOf("ensureRebooted") + 1);
}

const errors = (plan: HostPlan) =>
  plan.findings.filter(({ severity }) => severity === "error").map(({ reason }) => reason);
const warnings = (plan: HostPlan) =>
  plan.findings.filter(({ severity }) => severity === "warning").map(({ reason }) => reason);

const commandsOf = (plan: HostPlan, kind: string) =>
  plan.steps
    .filter((step) => step.kind === kind)
    .flatMap(({ commands }) => commands.map((each) => (each.kind === "run" ? each.argv : [])))
    .map((argv) => argv.join(" "));

/** Planning the plan's own result gives no steps. */
function assertLeadsThere(wish: HostDesired, from: Inventory): HostPlan {
  const plan = planHost(wish, from);
  assert.deepEqual(errors(plan), []);
  const again = planHost(wish, applySteps(from, plan.steps));
  assert.deepEqual(
    again.steps.map(({ title }) => title),
    [],
  );
  return plan;
}

describe("the firmware section", () => {
  it("brings old firmware up, boots once, and plans the datapath on what then runs", () => {
    const wish = desired({ images: [buildFirmwareImage(NEW)] });
    const plan = assertLeadsThere(wish, observed(OLD));
    assert.deepEqual(firstKinds(plan), [
      "ensureArtefact",
      "ensureFirmwareStored",
      "ensureRebooted",
    ]);
    assert.ok(plan.steps.some(({ kind }) => kind === "ensureEswitchMode"));
    const [, store] = plan.steps;
    assert.equal(store?.isReversible, false);
    const path = `/var/lib/switchyard/artefacts/${"22391002".padStart(64, "0")}`;
    assert.deepEqual(commandsOf(plan, "ensureFirmwareStored"), [
      `chmod 0700 ${path}`,
      `${path} -q`,
    ]);
  });

  it("asks nothing of a host whose profile has no firmware section", () => {
    const plan = planHost(buildHostDesired(), observed(OLD));
    assert.deepEqual(errors(plan), ["ESWITCH_FIRMWARE_TOO_OLD"]);
  });

  it("needs no tools of the host for a Dell package, and says so for other images", () => {
    const bare = observed(OLD, { tools: undefined, config: [] });
    assertLeadsThere(desired({ images: [buildFirmwareImage(NEW)] }), bare);
    const plan = planHost(desired({ images: [buildFirmwareImage(NEW, { kind: "bin" })] }), bare);
    assert.ok(errors(plan).includes("FIRMWARE_TOOLS_MISSING"));
    assert.deepEqual(firstKinds(plan), []);
    const installing = { ...bare, system: { ...UNKNOWN_SYSTEM, packages: { mstflint: "4" } } };
    const later = planHost(desired({ config: { UCTX_EN: "1" } }), installing);
    assert.deepEqual(warnings(later), ["FIRMWARE_TOOLS_MISSING"]);
  });

  it("takes the tools that the host has into the plan", () => {
    const mft = observed(OLD, { tools: "mft" });
    const bin = planHost(desired({ images: [buildFirmwareImage(NEW, { kind: "bin" })] }), mft);
    assert.match(
      commandsOf(bin, "ensureFirmwareStored")[0] ?? "",
      /^flint -d 0000:82:00.0 -i .* -y burn$/,
    );
    const archive = buildFirmwareImage(NEW, { kind: "mlxfwmanager-archive" });
    const managed = planHost(desired({ images: [archive] }), observed(OLD));
    assert.match(
      commandsOf(managed, "ensureFirmwareStored")[0] ?? "",
      /^mstfwmanager -d .* -y -u$/,
    );
  });

  it("boots between stepping stones", () => {
    const images = [
      buildFirmwareImage("22.31.10.14"),
      buildFirmwareImage(NEW, { requiresVersion: buildFirmwareImage("22.31.10.14").version }),
    ];
    const plan = assertLeadsThere(desired({ images }), observed(OLD));
    assert.deepEqual(firstKinds(plan), [
      "ensureArtefact",
      "ensureFirmwareStored",
      "ensureRebooted",
      "ensureArtefact",
      "ensureFirmwareStored",
      "ensureRebooted",
    ]);
  });

  it("only boots where the wanted firmware is stored already, cold where a warm boot was in vain", () => {
    const { firmware } = buildConnectX6(NEW);
    const pending = {
      firmware: firmware && { ...firmware, running: buildFirmwareImage(OLD).version },
    };
    const wish = desired({ images: [buildFirmwareImage(NEW)] });
    const plan = assertLeadsThere(wish, observed(OLD, {}, pending));
    assert.deepEqual(firstKinds(plan), ["ensureRebooted"]);
    const stuck = planHost(wish, observed(OLD, { needsColdCycle: true }, pending));
    assert.deepEqual(warnings(stuck), ["FIRMWARE_NOT_ACTIVATED", "COLD_CYCLE_NEEDS_BMC"]);
    const boot = stuck.steps.find(({ kind }) => kind === "ensureRebooted");
    assert.equal(boot?.kind === "ensureRebooted" && boot.arguments.isCold, true);
  });

  it("never burns what is made for another PSID, and says that secured cards take none", () => {
    const image = buildFirmwareImage(NEW, { psid: parsePsid("MT_0000000359") });
    const plan = planHost(desired({ images: [image] }), observed(OLD));
    assert.deepEqual(firstKinds(plan), []);
    const finding = plan.findings.find(({ reason }) => reason === "FIRMWARE_IMAGE_MISSING");
    assert.match(finding?.found ?? "", /secure-fw/);
    assert.match(finding?.needs ?? "", /DEL0000000027/);
  });

  it("blocks a downgrade that is not allowed, a chain that is missing, a card with another's PSID", () => {
    const newer = observed("22.41.10.00");
    const images = [buildFirmwareImage(NEW)];
    assert.deepEqual(errors(planHost(desired({ images }), newer)), ["FIRMWARE_DOWNGRADE_REFUSED"]);
    const allowed = assertLeadsThere(desired({ images, allowsDowngrade: true }), newer);
    assert.match(commandsOf(allowed, "ensureFirmwareStored")[1] ?? "", / -q -f$/);
    const requiresVersion = buildFirmwareImage("22.31.10.14").version;
    const unreachable = desired({ images: [buildFirmwareImage(NEW, { requiresVersion })] });
    assert.ok(errors(planHost(unreachable, observed(OLD))).includes("FIRMWARE_PATH_MISSING"));
    const originalPsid = parsePsid("MT_0000000359");
    const hybrid = planHost(desired({ images }), observed(OLD, { originalPsid }));
    assert.ok(errors(hybrid).includes("FIRMWARE_SECURE_CONFLICT"));
    assert.deepEqual(firstKinds(hybrid), []);
  });

  it("raises the ceiling of VFs on the port that needs them, boots, and makes the VFs", () => {
    const plan = assertLeadsThere(desired({}, 12), observed(NEW));
    assert.deepEqual(commandsOf(plan, "ensureFirmwareConfig"), [
      "mstconfig -d 0000:82:00.0 -y set NUM_OF_VFS=12",
    ]);
    assert.deepEqual(firstKinds(plan), ["ensureFirmwareConfig", "ensureRebooted"]);
    assert.deepEqual(
      errors(planHost(buildHostDesired(buildDatapath({ vfCount: 12 })), observed(NEW))),
      ["VF_COUNT_TOO_LARGE"],
    );
  });

  it("raises the ceiling on both ports of a bond", () => {
    const bond = {
      name: "bond0",
      mode: "active-backup",
      ports: [{ kind: "port", port: 1 }],
    } as const;
    const wish = { ...desired({}), datapath: { ...buildDatapath({ vfCount: 12 }), bond } };
    assert.deepEqual(
      commandsOf(planHost(wish, observed(NEW)), "ensureFirmwareConfig"),
      [0, 1].map((port) => `mstconfig -d 0000:82:00.${port} -y set NUM_OF_VFS=12`),
    );
  });

  it("turns SR-IOV on in firmware where the datapath's port has it off", () => {
    const { config } = buildFirmwareFacts();
    const off = config.map((each) => ({
      ...each,
      parameters: [buildParameter("SRIOV_EN", "False(0)"), ...each.parameters.slice(1)],
    }));
    const nic = buildConnectX6(NEW);
    const pfs = nic.pfs.map((pf) => ({ ...pf, totalVfs: 0 }));
    const plan = assertLeadsThere(desired({}), observed(NEW, { config: off }, { pfs }));
    assert.deepEqual(commandsOf(plan, "ensureFirmwareConfig"), [
      "mstconfig -d 0000:82:00.0 -y set SRIOV_EN=True",
    ]);
  });

  it("sets parameters by name on every port, and names what the cards do not know", () => {
    const config = { CQE_COMPRESSION: "1", LINK_TYPE_P1: "ETH", UEFI_HII_EN: "0" };
    const plan = assertLeadsThere(desired({ config }), observed(NEW));
    assert.deepEqual(
      commandsOf(plan, "ensureFirmwareConfig"),
      [0, 1].map((port) => `mstconfig -d 0000:82:00.${port} -y set CQE_COMPRESSION=1`),
    );
    const [finding] = plan.findings;
    assert.equal(finding?.reason, "FIRMWARE_CONFIG_UNSUPPORTED");
    assert.equal(finding?.found, "LINK_TYPE_P1 not known, UEFI_HII_EN read-only");
  });

  it("claims no complete plan where the configuration could not be read", () => {
    const wish = desired({ config: { UCTX_EN: "1" } });
    const { config } = buildFirmwareFacts();
    const half = planHost(wish, observed(NEW, { config: config.slice(0, 1) }));
    assert.deepEqual(errors(half), ["FIRMWARE_CONFIG_UNREADABLE"]);
    const older = planHost(wish, buildBareR740({ nics: [buildConnectX6(NEW)] }));
    assert.deepEqual(errors(older), ["FIRMWARE_CONFIG_UNREADABLE", "FIRMWARE_CONFIG_UNREADABLE"]);
    assert.deepEqual(errors(planHost(desired({}), observed(NEW, { config: [] }))), []);
  });

  it("boots for what somebody set by hand and the profile wants too", () => {
    const { config } = buildFirmwareFacts();
    const due = config.map((each) => ({
      ...each,
      parameters: each.parameters.map((parameter) =>
        parameter.name === "CQE_COMPRESSION"
          ? { ...parameter, nextBoot: "AGGRESSIVE(1)" as ConfigValue }
          : parameter,
      ),
    }));
    const wish = desired({ config: { CQE_COMPRESSION: "AGGRESSIVE" } });
    const plan = assertLeadsThere(wish, observed(NEW, { config: due }));
    assert.deepEqual(firstKinds(plan), ["ensureRebooted"]);
  });
});
