import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type DriverInfo,
  type DriverSpec,
  type HostDesired,
  type Inventory,
  LIMITS_OF_ARTEFACTS,
  parseArtefactSource,
  parseSha256,
} from "@switchyard/model";
import {
  applySteps,
  buildBareR740,
  buildConnectX6,
  buildHostDesired,
  buildSystemFacts,
  buildVmDesired,
} from "@switchyard/testkit/builders";
import { isBlocked, planHost } from "../plan-host.ts";

const KERNEL = buildBareR740().os.kernelRelease;
const OLD_KERNEL = "5.14.0-362.el9.x86_64";
const archive = {
  source: parseArtefactSource("/srv/MLNX_OFED_LINUX-24.04-0.7.0.0-rhel9.4-x86_64.tgz"),
  sha256: parseSha256("ab".repeat(32)),
  sizeBytesMax: LIMITS_OF_ARTEFACTS.driverBytesMax,
};
const OFED: DriverSpec = {
  kind: "mlnx-ofed",
  release: "24.04-0.7.0.0",
  archive,
  distribution: "rhel9.4",
  extraFlags: [],
};
const DOCA: DriverSpec = {
  kind: "doca-ofed",
  moduleVersion: "24.10-0.7.0",
  repository: archive,
  packages: ["doca-ofed"],
};
const INBOX: DriverInfo = {
  module: "mlx5_core",
  loaded: { version: undefined },
  onDisk: [{ kernelRelease: KERNEL, version: undefined }],
  kernelsWithHeaders: [KERNEL],
  release: undefined,
  builds: [],
};
const BY_HAND: DriverInfo = {
  ...INBOX,
  loaded: { version: "24.04-0.7.0" },
  onDisk: [{ kernelRelease: KERNEL, version: "24.04-0.7.0" }],
  release: "MLNX_OFED_LINUX-24.04-0.7.0.0",
};

const hostWith = (info: DriverInfo, overrides: Partial<Inventory> = {}): Inventory =>
  buildBareR740({ nics: [{ ...buildConnectX6(), driverInfo: info }], ...overrides });
/** `none`: the profile says nothing about the driver. */
type Wish = DriverSpec | "none";
const wish = (driver: Wish): HostDesired => ({
  ...buildHostDesired(),
  ...(driver !== "none" && { driver }),
});

const kindsOf = (observed: Inventory, driver: Wish = OFED) =>
  planHost(wish(driver), observed).steps.map(({ kind }) => kind);
const driverKinds = (observed: Inventory, driver?: Wish) =>
  kindsOf(observed, driver).slice(0, kindsOf(observed, driver).indexOf("ensureModules"));
const reasonsOf = (observed: Inventory, driver: Wish = OFED) =>
  planHost(wish(driver), observed).findings.map(({ reason, severity }) => [reason, severity]);

describe("the driver section", () => {
  it("builds, makes the initramfs anew, loads, and then wires the datapath", () => {
    assert.deepEqual(driverKinds(hostWith(INBOX)), [
      "ensurePackages",
      "ensureArtefact",
      "ensureDriverInstalled",
      "ensureInitramfs",
      "ensureDriverLoaded",
    ]);
  });

  it("shows the seed procedure's command, with the flags that keep it from asking", () => {
    const step = planHost(wish(OFED), hostWith(INBOX)).steps.find(
      ({ kind }) => kind === "ensureDriverInstalled",
    );
    const [, install] = step?.commands ?? [];
    assert.ok(install?.kind === "run");
    assert.match(
      install.argv.join(" "),
      /mlnxofedinstall --all --distro rhel9\.4 --add-kernel-support --dpdk --ovs-dpdk --skip-repo --force --without-fw-update$/,
    );
    assert.equal(step?.isReversible, false);
  });

  it("has nothing to do where it was done, by Switchyard or by hand", () => {
    const done = applySteps(hostWith(INBOX), planHost(wish(OFED), hostWith(INBOX)).steps);
    assert.deepEqual(planHost(wish(OFED), done).steps, []);
    assert.equal(kindsOf(hostWith(BY_HAND)).includes("ensureDriverInstalled"), false);
    assert.equal(kindsOf(hostWith(BY_HAND)).includes("ensureDriverLoaded"), false);
  });

  it("installs the headers that the running kernel lacks", () => {
    const bare = hostWith({ ...INBOX, kernelsWithHeaders: [] });
    const [first] = planHost(wish(OFED), bare).steps;
    assert.ok(first?.kind === "ensurePackages");
    assert.equal(first.arguments.specs.at(-1), `kernel-devel-${KERNEL}`);
  });

  it("comes with a boot where the management path is on the NIC, or for the kernel's own driver", () => {
    const nic = buildConnectX6();
    const managed = hostWith(INBOX, {
      nics: [
        {
          ...nic,
          driverInfo: INBOX,
          pfs: nic.pfs.map((pf, port) => ({ ...pf, carriesManagement: port === 1 })),
        },
      ],
    });
    for (const [observed, driver] of [
      [managed, OFED],
      [hostWith(BY_HAND), { kind: "inbox" }],
    ] as const) {
      const { steps, disruption } = planHost(wish(driver), observed);
      const boot = steps.find(({ kind }) => kind === "ensureRebooted");
      assert.ok(boot?.kind === "ensureRebooted");
      assert.equal(boot.arguments.effects[0]?.kind, "driver");
      assert.equal(
        steps.some(({ kind }) => kind === "ensureDriverLoaded"),
        false,
      );
      assert.equal(disruption, "reboot");
    }
  });

  it("never takes the NIC from a running VM without being told", () => {
    const built = applySteps(hostWith(BY_HAND), planHost(wish(OFED), hostWith(BY_HAND)).steps);
    const vm = { kind: "ensureVmRunning", arguments: { vm: buildVmDesired(built) } } as never;
    const busy = applySteps(built, [vm]);
    const newer = { ...OFED, release: "24.10-1.1.4.0" } as DriverSpec;
    const plan = planHost(wish(newer), busy);
    assert.equal(isBlocked(plan), true);
    assert.deepEqual(plan.affectedVms, ["web-01"]);
    assert.equal(
      plan.steps.some(({ kind }) => kind === "ensureDriverLoaded"),
      false,
    );
  });

  it("plans the datapath anew on what a restart of the driver leaves", () => {
    const built = applySteps(hostWith(BY_HAND), planHost(wish(OFED), hostWith(BY_HAND)).steps);
    const kinds = kindsOf(built, { ...OFED, release: "24.10-1.1.4.0" } as DriverSpec);
    const loaded = kinds.indexOf("ensureDriverLoaded");
    assert.ok(kinds.slice(loaded).includes("ensureEswitchMode"));
    assert.ok(kinds.slice(loaded).includes("ensureVfCount"));
  });

  it("brings Open vSwitch with MLNX_OFED to a host that has none", () => {
    const bare = hostWith(INBOX, { ovs: undefined });
    assert.equal(isBlocked(planHost(wish(OFED), bare)), false);
    assert.ok(kindsOf(bare).includes("ensureOvsRunning"));
    assert.equal(isBlocked(planHost(wish("none"), bare)), true);
  });

  it("removes the vendor's packages for the kernel's own driver", () => {
    assert.deepEqual(kindsOf(hostWith(BY_HAND), { kind: "inbox" }).slice(0, 3), [
      "ensureDriverInstalled",
      "ensureInitramfs",
      "ensureRebooted",
    ]);
    assert.deepEqual(reasonsOf(hostWith(BY_HAND), { kind: "inbox" }), [
      ["OVS_NOT_RUNNING", "error"],
    ]);
  });

  it("installs DOCA from its repository", () => {
    const step = planHost(wish(DOCA), hostWith(INBOX)).steps.find(
      ({ kind }) => kind === "ensureDriverInstalled",
    );
    assert.deepEqual(
      step?.commands.map((command) => command.kind === "run" && command.argv.slice(0, 4)),
      [
        [
          "cp",
          "--",
          `/var/lib/switchyard/artefacts/${archive.sha256}`,
          "/var/lib/switchyard/work/driver/doca-repository.rpm",
        ],
        ["dnf", "-y", "install", "/var/lib/switchyard/work/driver/doca-repository.rpm"],
        ["dnf", "-y", "install", "doca-ofed"],
      ],
    );
  });

  it("takes DOCA's own packages off too, and leaves Open vSwitch, which is not DOCA's", () => {
    const info: DriverInfo = {
      ...INBOX,
      loaded: { version: "24.10-1.1.4" },
      onDisk: [{ kernelRelease: KERNEL, version: "24.10-1.1.4" }],
      release: "OFED-internal-24.10-1.1.4",
    };
    const packages = { "doca-host": "2.9.1-1", "doca-ofed": "2.9.1-1", mft: "4.30.1-113" };
    const observed = hostWith(info, { system: buildSystemFacts({ packages }) });
    const { steps, findings } = planHost(wish({ kind: "inbox" }), observed);
    const removal = steps.find(({ kind }) => kind === "ensureDriverInstalled");
    assert.deepEqual(
      removal?.commands.map((command) => command.kind === "run" && command.argv),
      [
        ["/usr/sbin/ofed_uninstall.sh", "--force"],
        ["dnf", "-y", "remove", "doca-host", "doca-ofed"],
      ],
    );
    assert.deepEqual(findings, []);
  });

  it("leaves a host alone whose agent does not look at drivers", () => {
    assert.equal(kindsOf(buildBareR740()).includes("ensureDriverInstalled"), false);
  });
});

describe("the driver section's findings", () => {
  it("stop before a build that Secure Boot would waste", () => {
    const system = buildSystemFacts({ isSecureBoot: true });
    assert.deepEqual(reasonsOf(hostWith(INBOX, { system })), [
      ["SECURE_BOOT_REFUSES_DRIVER", "error"],
    ]);
  });

  it("stop DOCA-OFED on a host that still has MLNX_OFED", () => {
    assert.deepEqual(reasonsOf(hostWith(BY_HAND), DOCA), [["DRIVER_OTHER_INSTALLED", "error"]]);
  });

  it("warn of an archive for another release, and of a build that failed before", () => {
    const other = { ...OFED, distribution: "rhel9.2" } as DriverSpec;
    assert.deepEqual(reasonsOf(hostWith(INBOX), other), [["DRIVER_ARCHIVE_UNSUITABLE", "warning"]]);
    const install = planHost(wish(OFED), hostWith(INBOX)).steps;
    const done = applySteps(hostWith(INBOX), install).nics[0]?.driverInfo?.builds ?? [];
    const builds = done.map((build) => ({ ...build, state: "failed" as const, failure: "it did" }));
    assert.deepEqual(reasonsOf(hostWith({ ...INBOX, builds })), [
      ["DRIVER_BUILD_FAILED", "warning"],
    ]);
  });

  it("tell what is wrong without a driver in the profile", () => {
    const stale = { ...BY_HAND, loaded: { version: undefined } };
    assert.deepEqual(reasonsOf(hostWith(stale), "none"), [["DRIVER_NOT_IN_FORCE", "warning"]]);
    const updated = {
      ...BY_HAND,
      loaded: { version: undefined },
      onDisk: [
        { kernelRelease: OLD_KERNEL, version: "24.04-0.7.0" },
        { kernelRelease: KERNEL, version: undefined },
      ],
    };
    assert.deepEqual(reasonsOf(hostWith(updated), "none"), [
      ["DRIVER_FOR_OTHER_KERNEL", "warning"],
    ]);
    const ovs = buildBareR740().ovs;
    const mixed = hostWith(BY_HAND, { ...(ovs && { ovs: { ...ovs, daemonVersion: "3.3.0" } }) });
    assert.deepEqual(reasonsOf(mixed, "none"), [["OVS_BUILDS_MIXED", "warning"]]);
  });

  it("refuse a distribution that nobody taught it", () => {
    const os = { ...buildBareR740().os, id: "void", idLike: [] };
    assert.deepEqual(reasonsOf(hostWith(INBOX, { os })), [["DISTRIBUTION_UNSUPPORTED", "error"]]);
  });
});
