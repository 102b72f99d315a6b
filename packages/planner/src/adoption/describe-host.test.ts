import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Bond, type Inventory, parseHostId } from "@switchyard/model";
import {
  applySteps,
  buildBareR740,
  buildDatapath,
  buildHostDesired,
  buildSriovDatapath,
  buildSystemFacts,
} from "@switchyard/testkit/builders";
import { planHost } from "../host/plan-host.ts";
import { describeHost } from "./describe-host.ts";

const HOST = parseHostId("r740-07");

const describeIt = (observed: Inventory) =>
  describeHost({ host: HOST, selector: { rack: "a" }, observed, applied: undefined });
const messagesOf = (observed: Inventory) =>
  describeIt(observed).findings.map(({ message }) => message);

const setUp = (desired = buildHostDesired(), bare = buildBareR740()): Inventory =>
  applySteps(bare, planHost(desired, bare).steps);

/** Made by a person: without our mark on the PF. */
function sriovByHand(): Inventory {
  const host = setUp(buildHostDesired(buildSriovDatapath({ vfDriver: "vfio-pci" })));
  const nics = host.nics.map((nic) => ({
    ...nic,
    pfs: nic.pfs.map((pf) => ({ ...pf, isClaimed: false })),
  }));
  return { ...host, nics };
}

const withVf = (host: Inventory, change: object): Inventory => ({
  ...host,
  nics: host.nics.map((nic) => ({
    ...nic,
    pfs: nic.pfs.map((pf) => ({
      ...pf,
      vfs: pf.vfs.map((vf) => (vf.index === 0 ? { ...vf, ...change } : vf)),
    })),
  })),
});

const UNNAMED = "the profile of r740-07 leaves out firmware versions whose image nobody named";
/** No tools for firmware are among the facts of these hosts. */
const UNREAD = "the profile of r740-07 leaves out the configuration of ports that do not show it";

describe("describeHost", () => {
  it("writes SR-IOV mode of a host whose VFs a person bound to vfio", () => {
    const { spec } = describeIt(sriovByHand());
    assert.deepEqual(spec?.datapath, {
      mode: "sriov",
      uplink: { kind: "port", port: 0 },
      vfCount: 2,
      vfDriver: "vfio-pci",
    });
    assert.deepEqual(messagesOf(sriovByHand()), [UNNAMED, UNREAD]);
  });

  it("says which VFs the plan would bind, and which it would give a MAC", () => {
    const unbound = describeIt(withVf(sriovByHand(), { driver: "mlx5_core" }));
    assert.match(unbound.findings[0]?.message ?? "", /VFs that no vfio driver holds/);
    assert.match(unbound.findings.at(-1)?.found ?? "", /Bind VF 0000:82:00\.2 to vfio-pci/);
    const unnamed = describeIt(withVf(sriovByHand(), { adminMac: undefined }));
    assert.match(unnamed.findings[0]?.message ?? "", /VFs without a MAC of their own/);
  });

  it("writes a bond of ours, and does not take over one that others made", () => {
    const bond = {
      name: "bond0",
      mode: "802.3ad",
      ports: [{ kind: "port", port: 1 }],
    } as const;
    const own = setUp(buildHostDesired(buildDatapath({ bond })));
    const { spec } = describeIt(own);
    assert.deepEqual(spec?.datapath.mode === "vdpa" && spec.datapath.bond, bond);
    const foreign = (own.bonds ?? []).map((each): Bond => ({ ...each, isOurs: false }));
    const refused = describeIt({ ...own, bonds: foreign });
    assert.equal(refused.spec, undefined);
    assert.match(refused.findings[0]?.message ?? "", /bond bond0, which Switchyard does not take/);
  });

  it("names kernel arguments that are not the same everywhere", () => {
    const system = buildSystemFacts({ kernelArguments: ["quiet", "intel_iommu=on", "iommu=pt"] });
    const entries = (system.bootEntries ?? []).map((entry) => ({
      ...entry,
      arguments: ["quiet", "iommu=pt", "pci=realloc,noaer"],
    }));
    const host = { ...setUp(), system: { ...system, bootEntries: entries } };
    const { spec, findings } = describeIt(host);
    assert.deepEqual(spec?.system?.kernelArguments, ["iommu=pt"]);
    const finding = findings.find(({ message }) => message.includes("kernel arguments"));
    assert.equal(finding?.found, "intel_iommu=on pci=realloc pci=noaer");
  });

  it("describes nothing of a bare host, and says why", () => {
    const { spec, findings } = describeIt(buildBareR740());
    assert.equal(spec, undefined);
    assert.equal(findings[0]?.severity, "error");
  });
});
