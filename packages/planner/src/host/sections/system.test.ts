import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  formatCommand,
  type Inventory,
  type SystemFacts,
  type SystemSpec,
} from "@switchyard/model";
import {
  buildBareR740,
  buildHostDesired,
  buildSystemFacts,
  buildSystemSpec,
  NEW_KERNEL,
  OLD_KERNEL,
} from "@switchyard/testkit/builders";
import { diffHost } from "../diff/diff-host.ts";
import { planHost } from "../plan-host.ts";
import { systemSection } from "./system.ts";

const ARGUMENTS = ["intel_iommu=on", "iommu=pt", "pci=realloc"];

function host(facts: Partial<SystemFacts> = {}, overrides: Partial<Inventory> = {}): Inventory {
  const bare = buildBareR740();
  const os = { ...bare.os, kernelRelease: OLD_KERNEL };
  return { ...bare, os, system: buildSystemFacts(facts), ...overrides };
}

const entry = (release: string, args: readonly string[], isDefault = true) => ({
  kernelRelease: release,
  kernelPath: `/boot/vmlinuz-${release}`,
  arguments: args,
  isDefault,
});

function plan(spec: Partial<SystemSpec>, observed: Inventory) {
  const desired = { ...buildHostDesired(), system: buildSystemSpec(spec) };
  const section = systemSection({ host: "r740-07", desired, observed });
  return {
    ...section,
    desired,
    commands: section.drafts.flatMap(({ commands }) => commands.map(formatCommand)),
    reasons: section.findings.map(({ reason }) => reason),
  };
}

describe("systemSection", () => {
  it("does what the seed procedure does by hand, and needs one boot for all of it", () => {
    const { commands, rebootEffects } = plan(
      {
        kernelArguments: ARGUMENTS,
        disablesSelinux: true,
        repositories: [
          { id: "elrepo", source: undefined },
          { id: "crb", source: undefined },
        ],
        packages: ["wget", "bash"],
        updatesKernel: true,
        modulesAtBoot: ["vhost_vdpa", "vfio-pci"],
      },
      host(),
    );
    assert.deepEqual(commands, [
      "dnf -y install elrepo-release",
      "dnf config-manager --set-enabled crb",
      `dnf -y install ${[
        "kernel",
        "kernel-core",
        "kernel-modules",
        "kernel-modules-core",
        "kernel-devel",
      ]
        .map((name) => `${name}-${NEW_KERNEL}`)
        .join(" ")}`,
      `grubby --set-default=/boot/vmlinuz-${NEW_KERNEL}`,
      "dnf -y install wget",
      "grubby --update-kernel=ALL '--args=intel_iommu=on iommu=pt pci=realloc selinux=0'",
      "modprobe vhost_vdpa",
      "modprobe vfio-pci",
      "echo '# Loaded at boot for Switchyard.\nvhost_vdpa\nvfio-pci\n' > /etc/modules-load.d/switchyard.conf",
    ]);
    assert.deepEqual(rebootEffects, [
      { kind: "kernel-release", release: NEW_KERNEL, needsColdCycle: false },
      {
        kind: "kernel-arguments",
        present: [...ARGUMENTS, "selinux=0"],
        absent: [],
        needsColdCycle: false,
      },
    ]);
  });

  it("plans nothing on what it leaves behind", () => {
    const spec = {
      kernelArguments: ARGUMENTS,
      packages: ["wget"],
      repositories: [{ id: "crb", source: undefined }],
      updatesKernel: true,
      modulesAtBoot: ["vfio-pci"],
    };
    const { after, desired } = plan(spec, host());
    const again = plan(spec, after);
    assert.deepEqual([again.commands, again.rebootEffects], [[], []]);
    assert.deepEqual(
      diffHost(desired, after).filter(({ field }) => field.startsWith("system.")),
      [],
    );
  });

  it("asks for a boot only, where the arguments are set and not in force", () => {
    const bootEntries = [entry(OLD_KERNEL, ["ro", ...ARGUMENTS])];
    const { commands, rebootEffects } = plan(
      { kernelArguments: ARGUMENTS },
      host({ bootEntries, kernelArguments: ["ro", "iommu=pt"] }),
    );
    assert.deepEqual(commands, []);
    assert.deepEqual(rebootEffects, [
      {
        kind: "kernel-arguments",
        present: ["intel_iommu=on", "pci=realloc"],
        absent: [],
        needsColdCycle: false,
      },
    ]);
  });

  it("gives the arguments to all kernels when one lacks them, and keeps the options of pci=", () => {
    const bootEntries = [
      entry(NEW_KERNEL, ["ro", ...ARGUMENTS]),
      entry(OLD_KERNEL, ["ro", "pci=nommconf"], false),
    ];
    const { commands, rebootEffects } = plan(
      { kernelArguments: ARGUMENTS },
      host({ bootEntries, kernelArguments: ARGUMENTS }),
    );
    assert.deepEqual(commands, [
      "grubby --update-kernel=ALL '--args=intel_iommu=on iommu=pt pci=realloc,nommconf'",
    ]);
    assert.deepEqual(rebootEffects, []);
  });

  it("boots a newer kernel that somebody installed, by making it the default", () => {
    const { commands, rebootEffects } = plan(
      { updatesKernel: true },
      host({
        kernels: [
          { release: OLD_KERNEL, hasHeaders: true },
          { release: NEW_KERNEL, hasHeaders: false },
        ],
        bootEntries: [entry(NEW_KERNEL, [], false), entry(OLD_KERNEL, [])],
      }),
    );
    assert.deepEqual(commands, [
      `dnf -y install kernel-devel-${NEW_KERNEL}`,
      `grubby --set-default=/boot/vmlinuz-${NEW_KERNEL}`,
    ]);
    assert.equal(rebootEffects[0]?.kind, "kernel-release");
  });

  it("says what turning SELinux off costs, only where it does so", () => {
    const spec = { disablesSelinux: true };
    assert.deepEqual(plan(spec, host()).reasons, ["SELINUX_WILL_BE_OFF"]);
    const off = host({
      bootEntries: [entry(OLD_KERNEL, ["selinux=0"])],
      kernelArguments: ["selinux=0"],
    });
    assert.deepEqual(plan(spec, off).reasons, []);
    assert.deepEqual(plan({ kernelArguments: ARGUMENTS }, host()).reasons, []);
  });

  it("speaks Debian's tools on Debian", () => {
    const release = "6.1.0-18-amd64";
    const observed = host(
      {
        newestKernel: release,
        kernels: [{ release: "6.1.0-17-amd64", hasHeaders: true }],
        bootEntries: [entry("6.1.0-17-amd64", ["ro"])],
      },
      {
        os: {
          id: "debian",
          versionId: "12",
          prettyName: "Debian 12",
          kernelRelease: "6.1.0-17-amd64",
        },
      },
    );
    const { commands } = plan({ updatesKernel: true, kernelArguments: ["iommu=pt"] }, observed);
    const apt = "env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=600";
    assert.deepEqual(commands, [
      `${apt} update`,
      `${apt} -o Dpkg::Options::=--force-confold install linux-image-${release} linux-headers-${release}`,
      "echo 'GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX iommu=pt\"\n' > /etc/default/grub.d/switchyard.cfg",
      "update-grub",
    ]);
  });

  it("blocks where it does not know what is there", () => {
    const { reasons, commands } = plan(
      { kernelArguments: ARGUMENTS, packages: ["wget"] },
      host({ bootEntries: undefined, packages: undefined }),
    );
    assert.deepEqual(reasons, ["SYSTEM_FACTS_MISSING", "SYSTEM_FACTS_MISSING"]);
    assert.deepEqual(commands, []);
    const suse = {
      id: "opensuse-leap",
      versionId: "15",
      prettyName: "openSUSE",
      kernelRelease: "6",
    };
    const unknown = plan({ packages: ["wget"] }, host({}, { os: suse }));
    assert.deepEqual(unknown.reasons, ["DISTRIBUTION_UNSUPPORTED"]);
  });

  it("finds installed packages by name, version and architecture", () => {
    const packages = { git: "2.43.5-1.el9_4" };
    const specs = ["git", "git.x86_64", "git-2.43.5-1.el9_4", "git-2.43.5-1.el9_4.x86_64"];
    assert.deepEqual(plan({ packages: specs }, host({ packages })).commands, []);
    const other = plan({ packages: ["git-2.31.1-3.el9"] }, host({ packages }));
    assert.deepEqual(other.commands, ["dnf -y install git-2.31.1-3.el9"]);
  });
});

describe("planHost with a system section", () => {
  it("boots between the system and the datapath", () => {
    const desired = {
      ...buildHostDesired(),
      system: buildSystemSpec({ kernelArguments: ARGUMENTS }),
    };
    const kinds = planHost(desired, host()).steps.map(({ kind }) => kind);
    assert.deepEqual(kinds.slice(0, 3), [
      "ensureKernelArguments",
      "ensureRebooted",
      "ensureModules",
    ]);
  });
});
