import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { CheckStatus, HostKind, Likelihood } from "@switchyard/client";
import { buildBareR740, buildConnectX6, OLD_FIRMWARE } from "@switchyard/testkit/builders";
import { prepareHost } from "./prepared-hosts.ts";
import { profileOf } from "./records.ts";
import { refusedWith } from "./refusal.ts";
import { startWorld, type World } from "./world.ts";

describe("the diagnosis over the API", () => {
  let world: World;

  before(async () => {
    const sha256 = createHash("sha256").update("vera-secret").digest("hex");
    const viewer = { name: "vera", role: "viewer", sha256 } as const;
    world = await startWorld({ tokens: [viewer] });
    await world.client.profiles.createProfile({ profileId: "cx6dx", profile: profileOf() });
    await world.enrol("r740-01", buildBareR740(), { pool: "vdpa" });
    await prepareHost(world, "r740-01");
    const old = buildBareR740({ nics: [buildConnectX6(OLD_FIRMWARE)] });
    await world.enrol("r740-02", old, { pool: "vdpa" });
    await world.enrol("r740-03", buildBareR740(), {});
  });
  after(() => world.stop());

  const diagnose = async (host: string, only: readonly string[] = []) => {
    const name = `hosts/${host}`;
    const report = await world.client.diagnosis.diagnoseHost({ name, only: [...only] });
    const byId = new Map(report.results.map((result) => [result.id, result]));
    return { report, byId };
  };

  it("is open to viewers, says what the host is, and gives every check once", async () => {
    const { diagnosis } = world.connect("vera-secret");
    const report = await diagnosis.diagnoseHost({ name: "hosts/r740-01" });
    assert.equal(report.subject, "hosts/r740-01");
    assert.equal(report.hostKind, HostKind.SIMULATED);
    const { checks } = await diagnosis.listChecks({});
    const ids = new Set(checks.map(({ id }) => id));
    assert.ok(ids.size >= 40 && ids.size === checks.length);
    assert.equal(new Set(report.results.map(({ id }) => id)).size, report.results.length);
    for (const { id, evidence } of report.results) {
      assert.ok(ids.has(id));
      assert.ok(evidence.length > 0, id);
    }
  });

  it("diagnoses a host whose agent is silent from what is known, and skips the rest", async () => {
    const { report, byId } = await diagnose("r740-01");
    assert.equal(report.status, CheckStatus.FAIL);
    assert.equal(byId.get("AGENT-ANSWER")?.status, CheckStatus.FAIL);
    assert.equal(byId.get("C08")?.status, CheckStatus.PASS);
    assert.equal(byId.get("VDPA-SLOTS")?.status, CheckStatus.PASS);
    assert.equal(byId.get("PROFILE-DRIFT")?.status, CheckStatus.PASS);
    assert.equal(byId.get("D12")?.status, CheckStatus.PASS);
    assert.equal(byId.get("E05")?.status, CheckStatus.SKIP);
    assert.match(byId.get("E05")?.evidence[0] ?? "", /does not answer/);
  });

  it("finds old firmware, and that nothing says what a host without profile shall be", async () => {
    const { byId } = await diagnose("r740-02");
    assert.equal(byId.get("C01")?.status, CheckStatus.FAIL);
    assert.match(byId.get("C01")?.evidence[0] ?? "", /22\.27\.61\.06/);
    assert.equal(byId.get("PROFILE-PLAN")?.status, CheckStatus.FAIL);
    const bare = await diagnose("r740-03");
    assert.equal(bare.byId.get("PROFILE-MATCH")?.status, CheckStatus.WARN);
    assert.equal(bare.byId.get("PROFILE-DRIFT")?.status, CheckStatus.SKIP);
  });

  it("changes nothing: what a profile would have to reserve stays free", async () => {
    const { byId } = await diagnose("r740-02");
    assert.equal(byId.get("VDPA-SLOTS")?.status, CheckStatus.WARN);
    assert.deepEqual(await world.store.reads.hosts.listSlots("r740-02" as never), []);
  });

  it("runs only what is asked for", async () => {
    const { report } = await diagnose("r740-02", ["C01", "B06"]);
    assert.deepEqual(report.results.map(({ id }) => id).sort(), ["B06", "C01"]);
    assert.equal(report.status, CheckStatus.FAIL);
  });

  it("ranks the causes of a symptom, with and without a host", async () => {
    const { diagnosis } = world.client;
    const text = "Error: mlx5_core: Failed setting eswitch to offloads.";
    const open = await diagnosis.explainSymptom({ text });
    assert.equal(open.isKnown, true);
    assert.equal(open.causes[0]?.likelihood, Likelihood.OPEN);
    const ranked = await diagnosis.explainSymptom({ text, host: "hosts/r740-02" });
    assert.equal(ranked.causes[0]?.id, "C01");
    assert.equal(ranked.causes[0]?.likelihood, Likelihood.CONFIRMED);
    assert.match(ranked.causes[0]?.evidence[0] ?? "", /22\.27\.61\.06/);
    const report = await diagnosis.diagnoseHost({
      name: "hosts/r740-02",
      symptom: "VM can't ping",
    });
    assert.match(report.symptom?.orderTitle ?? "", /network between VMs/);
    assert.ok((report.symptom?.order.length ?? 0) >= 8);
    const unknown = await diagnosis.explainSymptom({ text: "the coffee is cold" });
    assert.deepEqual([unknown.isKnown, unknown.causes], [false, []]);
  });

  it("checks the control plane as far as it can be asked", async () => {
    const report = await world.client.diagnosis.diagnoseController({});
    const byId = new Map(report.results.map((result) => [result.id, result.status]));
    assert.equal(report.subject, "controller");
    assert.equal(byId.get("CTL-DATABASE"), CheckStatus.PASS);
    assert.equal(byId.get("CTL-BUS"), CheckStatus.SKIP);
    assert.equal(byId.get("CTL-JOBS"), CheckStatus.PASS);
  });

  it("refuses what is no host, no check or no text, all violations at once", async () => {
    const { diagnosis } = world.client;
    await refusedWith("HOST_NOT_FOUND", "NOT_FOUND", diagnosis.diagnoseHost({ name: "hosts/no" }));
    const error = await refusedWith(
      "FIELD_INVALID",
      "INVALID_ARGUMENT",
      diagnosis.diagnoseHost({
        name: "r740-01",
        only: ["C01", "NOPE", "CTL-BUS"],
        symptom: "x".repeat(8193),
      }),
    );
    assert.deepEqual(
      error.fieldViolations.map(({ field }) => field),
      ["name", "only[1]", "only[2]", "symptom"],
    );
    for (const text of ["", "   ", "x".repeat(8193)]) {
      const call = diagnosis.explainSymptom({ text });
      await refusedWith("FIELD_INVALID", "INVALID_ARGUMENT", call);
    }
    const host = diagnosis.explainSymptom({ text: "no carrier", host: "vms/web" });
    await refusedWith("FIELD_INVALID", "INVALID_ARGUMENT", host);
    const only = diagnosis.diagnoseController({ only: ["C01"] });
    await refusedWith("FIELD_INVALID", "INVALID_ARGUMENT", only);
  });
});
