import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Inventory,
  LIMITS_OF_ARTEFACTS,
  parseArtefactSource,
  parseSha256,
  QEMU_LINK,
  QEMU_OF_RHEL,
  qemuProgram,
  type VirtualizationFacts,
  type VirtualizationSpec,
} from "@switchyard/model";
import { applySteps, buildBareR740, buildTeardown } from "@switchyard/testkit/builders";
import { planHost } from "../plan-host.ts";

const DISTRIBUTION: VirtualizationSpec = {
  qemu: { kind: "distribution" },
  libvirtUser: undefined,
};
const SOURCE: VirtualizationSpec = {
  qemu: {
    kind: "source",
    version: "9.0.4",
    archive: {
      source: parseArtefactSource("https://files.example/qemu-9.0.4.tar.xz"),
      sha256: parseSha256("cd".repeat(32)),
      sizeBytesMax: LIMITS_OF_ARTEFACTS.driverBytesMax,
    },
  },
  libvirtUser: undefined,
};
const ROOT: VirtualizationSpec = { ...DISTRIBUTION, libvirtUser: { user: "root", group: "kvm" } };

const BARE: VirtualizationFacts = {
  qemuLink: { kind: "absent" },
  qemus: [],
  libvirtVersion: undefined,
  libvirtUser: undefined,
  isLibvirtRestartDue: false,
};
const SEED: VirtualizationFacts = {
  ...BARE,
  qemuLink: { kind: "link", target: QEMU_OF_RHEL },
  qemus: [QEMU_LINK, QEMU_OF_RHEL].map((path) => ({ path, version: "8.2.0" })),
  libvirtVersion: "10.0.0",
  libvirtUser: { user: undefined, group: undefined },
};

const ALL = ["qemu-kvm", "qemu-img", "libvirt", "libvirt-client", "virt-install", "xorriso"];
/** What is known of a host whose packages are these; nothing else is. */
const systemWith = (names: readonly string[]): NonNullable<Inventory["system"]> =>
  ({ packages: Object.fromEntries(names.map((name) => [name, "1"])), repositories: [] }) as never;
const hostWith = (virtualization: VirtualizationFacts): Inventory =>
  buildBareR740({ virtualization });
const plan = (virtualization: VirtualizationSpec | undefined, observed: Inventory) =>
  planHost({ ...buildTeardown(), ...(virtualization && { virtualization }) }, observed);
const kindsOf = (spec: VirtualizationSpec, observed: Inventory) =>
  plan(spec, observed).steps.map(({ kind }) => kind);
const reasonsOf = (spec: VirtualizationSpec | undefined, observed: Inventory) =>
  plan(spec, observed).findings.map(({ reason, severity }) => [reason, severity]);

describe("the virtualization section", () => {
  it("installs what the seed procedure does, and links QEMU", () => {
    const { steps } = plan(ROOT, hostWith(BARE));
    assert.deepEqual(
      steps.map(({ kind }) => kind),
      ["ensurePackages", "ensureQemuLink", "ensureLibvirtUser"],
    );
    const [, link] = steps.flatMap(({ commands }) => commands);
    assert.deepEqual(link, {
      kind: "run",
      argv: ["ln", "-s", "--", QEMU_OF_RHEL, QEMU_LINK],
    });
  });

  it("has nothing to do on a host that was set up by hand", () => {
    assert.deepEqual(kindsOf(DISTRIBUTION, hostWith(SEED)), []);
    assert.deepEqual(
      kindsOf(ROOT, hostWith({ ...SEED, libvirtUser: { user: "root", group: "kvm" } })),
      [],
    );
  });

  it("asks only for packages that are missing", () => {
    const observed = { ...hostWith(SEED), system: systemWith(["qemu-kvm", "qemu-img", "libvirt"]) };
    const [first] = plan(DISTRIBUTION, observed).steps;
    assert.ok(first?.kind === "ensurePackages");
    assert.deepEqual(first.arguments.specs, ["libvirt-client", "virt-install", "xorriso"]);
  });

  it("builds QEMU from source only where asked, beside the distribution's, and then links it", () => {
    const seed: Inventory = { ...hostWith(SEED), system: systemWith(ALL) };
    assert.deepEqual(kindsOf(SOURCE, seed), [
      "ensureRepositories",
      "ensurePackages",
      "ensureArtefact",
      "ensureQemuBuilt",
      "ensureQemuLink",
    ]);
    const done = applySteps(seed, plan(SOURCE, seed).steps);
    assert.deepEqual(kindsOf(SOURCE, done), []);
    const back = plan(DISTRIBUTION, done).steps;
    assert.deepEqual(
      back.map(({ arguments: own }) => own),
      [{ target: QEMU_OF_RHEL }],
    );
  });

  it("restarts libvirt where a change before was cut short", () => {
    const set = { user: "root", group: "kvm" };
    const due = { ...SEED, libvirtUser: set, isLibvirtRestartDue: true };
    assert.deepEqual(kindsOf(ROOT, hostWith(due)), ["ensureLibvirtUser"]);
  });

  it("needs no link on Debian, whose QEMU is on the PATH", () => {
    const os = { ...buildBareR740().os, id: "debian", versionId: "12", prettyName: "Debian 12" };
    const observed = { ...hostWith({ ...SEED, qemuLink: { kind: "program" } }), os };
    assert.deepEqual(kindsOf(DISTRIBUTION, observed), []);
  });
});

describe("the virtualization section's findings", () => {
  const version = (qemu: string, libvirt = "10.0.0"): Inventory =>
    hostWith({
      ...SEED,
      qemus: [{ path: QEMU_LINK, version: qemu }],
      libvirtVersion: libvirt,
    });

  it("tell a QEMU without vhost-vdpa from one that is merely old", () => {
    assert.deepEqual(reasonsOf(DISTRIBUTION, version("5.0.0")), [["QEMU_TOO_OLD", "error"]]);
    assert.deepEqual(reasonsOf(DISTRIBUTION, version("6.0.1")), [["QEMU_TOO_OLD", "warning"]]);
    assert.deepEqual(reasonsOf(DISTRIBUTION, version("6.1.0")), []);
    const old = { ...SOURCE, qemu: { ...SOURCE.qemu, version: "4.2.0" } } as VirtualizationSpec;
    assert.deepEqual(reasonsOf(old, hostWith(SEED)), [["QEMU_TOO_OLD", "error"]]);
  });

  it("warn of an old libvirt, which Switchyard's VMs do not need", () => {
    assert.deepEqual(reasonsOf(undefined, version("8.2.0", "7.8.0")), [
      ["LIBVIRT_TOO_OLD", "warning"],
    ]);
    assert.deepEqual(reasonsOf(undefined, version("8.2.0", "6.0.0")), [
      ["LIBVIRT_TOO_OLD", "warning"],
    ]);
  });

  it("stop before somebody else's QEMU would be replaced", () => {
    for (const qemuLink of [
      { kind: "program" },
      { kind: "link", target: "/opt/qemu/bin/qemu" },
    ] as const) {
      const observed = hostWith({ ...SEED, qemuLink });
      assert.deepEqual(reasonsOf(SOURCE, observed), [["QEMU_LINK_TAKEN", "error"]]);
      assert.equal(kindsOf(SOURCE, observed).includes("ensureQemuLink"), false);
    }
    const own = { kind: "link", target: qemuProgram("8.1.0") } as const;
    assert.deepEqual(reasonsOf(SOURCE, hostWith({ ...SEED, qemuLink: own })), []);
  });
});
