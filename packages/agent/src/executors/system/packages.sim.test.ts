import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSimHost, type MachineOverrides } from "@switchyard/hostsim";
import { seededRandom, systemClock } from "@switchyard/runtime";
import { createReadCache } from "../../inventory/read-cache.ts";
import { readInventory } from "../../inventory/read-inventory.ts";
import { assertStepProperties } from "../../testing/step-properties.ts";

const bed = (overrides: MachineOverrides = {}) =>
  createSimHost({ random: seededRandom(1), overrides });

const dies = (program: string, ...words: string[]) =>
  ({
    match: { kind: "run", program, words },
    action: { kind: "fail", exitCode: 1, stderr: "Error: Transaction test error" },
  }) as const;

const lines = async (host: ReturnType<typeof bed>, argv: [string, ...string[]]) =>
  (await host.run({ argv })).stdout.split("\n").sort();

describe("ensurePackages", () => {
  it("keeps the four properties on Rocky", async () => {
    const host = bed();
    await assertStepProperties({
      host,
      kind: "ensurePackages",
      args: { family: "rhel", specs: ["git", "wget", "chrony"] },
      look: () => lines(host, ["rpm", "-qa"]),
      failure: dies("dnf", "install"),
    });
  });

  it("keeps the four properties on Debian", async () => {
    const host = bed({ distribution: "debian12" });
    await assertStepProperties({
      host,
      kind: "ensurePackages",
      args: { family: "debian", specs: ["git"] },
      look: () => lines(host, ["dpkg-query", "-W"]),
      failure: dies("env", "apt-get", "install"),
    });
  });
});

describe("ensureRepositories", () => {
  const source = {
    url: "http://mirror.lan/site",
    gpgKey: "/etc/pki/rpm-gpg/site",
    suite: "bookworm",
    components: ["main"],
  };

  it("keeps the four properties on Rocky, for each way to enable one", async () => {
    const host = bed();
    await assertStepProperties({
      host,
      kind: "ensureRepositories",
      args: {
        family: "rhel",
        repositories: [
          { id: "site", source },
          { id: "crb", source: undefined },
          { id: "epel", source: undefined },
        ],
      },
      look: () => lines(host, ["dnf", "repolist"]),
      failure: dies("dnf", "install", "epel-release"),
    });
  });

  it("keeps the four properties on Debian", async () => {
    const host = bed({ distribution: "debian12" });
    await assertStepProperties({
      host,
      kind: "ensureRepositories",
      args: { family: "debian", repositories: [{ id: "site", source }] },
      look: () => host.listFolder("/etc/apt/sources.list.d"),
      failure: dies("env", "apt-get", "update"),
    });
  });
});

describe("kernels in the inventory", () => {
  const facts = async (host: ReturnType<typeof bed>) =>
    (await readInventory({ host, clock: systemClock, agentVersion: "1", nicProfiles: [] })).system;
  const OLD = "5.14.0-427.13.1.el9_4.x86_64";
  const NEW = "5.14.0-427.42.1.el9_4.x86_64";

  it("tell what is installed, what is newest, and what boots next", async () => {
    const host = bed({ kernelRelease: OLD, packages: { absent: ["kernel-devel"] } });
    const before = await facts(host);
    assert.deepEqual(before?.kernels, [{ release: OLD, hasHeaders: false }]);
    assert.equal(before?.newestKernel, NEW);
    await host.run({ argv: ["dnf", "-y", "install", `kernel-${NEW}`, `kernel-devel-${NEW}`] });
    const after = await facts(host);
    assert.deepEqual(after?.kernels?.at(-1), { release: NEW, hasHeaders: true });
    assert.deepEqual(
      after?.bootEntries?.map(({ kernelRelease, isDefault }) => [kernelRelease, isDefault]),
      [
        [NEW, true],
        [OLD, false],
      ],
    );
    assert.ok(after?.kernelArguments?.includes("iommu=pt"));
  });

  it("are read on Debian as well", async () => {
    const old = "6.1.0-17-amd64";
    const host = bed({ distribution: "debian12", kernelRelease: old });
    const system = await facts(host);
    assert.deepEqual(system?.kernels, [{ release: old, hasHeaders: true }]);
    assert.equal(system?.newestKernel, "6.1.0-18-amd64");
    assert.equal(system?.bootEntries?.[0]?.kernelRelease, old);
  });
});

describe("packages in the inventory", () => {
  it("are read once for each change of the database", async () => {
    const host = bed();
    const cache = createReadCache();
    const options = { host, clock: systemClock, agentVersion: "1", nicProfiles: [], cache };
    const first = await readInventory(options);
    assert.equal(first.system?.packages?.["openvswitch"], "2.17.8-1.2404066");
    assert.deepEqual(first.system?.repositories, ["appstream", "baseos", "extras"]);
    host.faults.add(dies("rpm", "-qa"));
    assert.deepEqual((await readInventory(options)).system, first.system);
    await host.run({ argv: ["dnf", "-y", "install", "git"] });
    host.faults.clear();
    assert.equal((await readInventory(options)).system?.packages?.["git"], "2.43.5-1.el9_4");
  });

  it("are unknown, and no finding, where rpm does not answer", async () => {
    const inventory = await readInventory({
      host: bed({ missingPrograms: ["rpm"] }),
      ...{ clock: systemClock, agentVersion: "1", nicProfiles: [] },
    });
    assert.deepEqual([inventory.system?.packages, inventory.findings], [undefined, []]);
  });
});
