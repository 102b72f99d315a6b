import {
  type CHECKS_OF_HOST,
  type DriverInfo,
  findDriverOnDisk,
  type Inventory,
  type SystemFacts,
} from "@switchyard/model";
import { viewPfs } from "../../host/datapath/pf-view.ts";
import type { HostFacts } from "../facts.ts";
import { KERNEL_TEXTS, type KernelTextCheck } from "../kernel-texts.ts";
import { portName, withPorts } from "../ports.ts";
import {
  fail,
  failOn,
  type HostCheck,
  pass,
  skip,
  type Verdict,
  warn,
  warnOn,
  withInventory,
  withLook,
  withParts,
} from "../verdict.ts";

const GIB = 1024 ** 3;
/** Below either a disk is called full soon; below a quarter of both, full. */
const DISK_FREE_BYTES = 4 * GIB;
const DISK_FREE_SHARE = 0.1;
/** Beyond it signatures expire and logs of hosts can't be laid side by side. */
const CLOCK_SKEW_MAX_MS = 5_000;
/** Half of what an envelope of a job lives. */
const CLOCK_SKEW_BAD_MS = 60_000;

/** First with vhost-vdpa of several queues as it is used here. @see qemu/qemu net/vhost-vdpa.c, 6.2 */
const QEMU_MIN = { major: 6, minor: 2 } as const;

/** Lines of the kernel log that one check is about. */
export const kernelLog = (id: KernelTextCheck): HostCheck =>
  withLook("kernelMessages", (messages) => {
    const { pattern, status } = KERNEL_TEXTS[id];
    const found = messages.filter((line) => pattern.test(line));
    if (found.length === 0) return pass("no such line in the kernel log");
    return (status === "warn" ? warn : fail)(found);
  });

const virtualization = withParts(["cpu"], ({ cpu, accelerator, hostKind }) => {
  if (cpu.hasVirtualization && accelerator === "kvm") return pass(`${cpu.modelName}, /dev/kvm`);
  const found = [
    cpu.hasVirtualization ? "the CPU has it" : "the CPU shows neither vmx nor svm",
    accelerator === "kvm" ? "/dev/kvm is there" : "VMs run on software emulation (tcg)",
  ];
  // A lab host stands inside an emulator on purpose.
  return hostKind === "lab" ? warn(found) : fail(found);
});

const iommu = withParts(["iommu"], ({ iommuGroupCount, hostKind, system }) => {
  if (iommuGroupCount > 0) return pass(`${iommuGroupCount} IOMMU groups`);
  const isAdvertised = system?.iommu?.isAdvertised;
  const found = [
    "0 IOMMU groups",
    ...(isAdvertised === undefined
      ? []
      : [isAdvertised ? "firmware offers an IOMMU" : "firmware has no DMAR or IVRS table"]),
  ];
  const fix =
    isAdvertised === undefined
      ? undefined
      : isAdvertised
        ? "Boot with intel_iommu=on iommu=pt."
        : "Enable VT-d in BIOS and reboot.";
  return hostKind === "lab" ? warn(found, fix) : fail(found, fix);
});

const kernelArguments = withLook("kernelCommandLine", (line, { inventory }) => {
  const isIntel = /intel/i.test(inventory?.cpu.modelName ?? "");
  if (!isIntel) return pass(`no argument is needed on ${inventory?.cpu.modelName ?? "this CPU"}`);
  const words = new Set(line.trim().split(/\s+/));
  const missing = ["intel_iommu=on", "iommu=pt"].filter((word) => !words.has(word));
  return warnOn(
    missing.map((word) => `${word} is missing`),
    line.trim(),
  );
});

const vfsOffered = withParts(["nics"], (inventory) => {
  const views = viewPfs(inventory);
  if (views.length === 0) return skip("no SmartNIC was found");
  const without = views.filter(({ pf }) => pf.totalVfs === 0);
  return failOn(
    without.map((view) => `sriov_totalvfs 0 on ${portName(view)}`),
    views.map(({ pf }) => `${pf.pciAddress}: ${pf.totalVfs}`).join(", "),
  );
});

const vfsAsked = withPorts([], (ports, _inventory, { desired }) => {
  const wanted = desired?.datapath?.vfCount;
  if (wanted === undefined) return skip("no profile asks for VFs");
  const short = ports.filter(({ pf }) => pf.totalVfs < wanted);
  return failOn(
    short.map((port) => `${wanted} VFs asked, ${port.pf.totalVfs} offered on ${portName(port)}`),
    `${wanted} VFs asked`,
  );
});

const driversBound = withLook("functions", (functions) => {
  const pfs = functions.filter(({ isVf }) => !isVf);
  if (pfs.length === 0) return skip("no function of a SmartNIC was found on the PCI bus");
  const unbound = pfs.filter(({ driver }) => driver === undefined);
  return failOn(
    unbound.map(({ pciAddress }) => `${pciAddress} has no driver`),
    pfs.map(({ pciAddress, driver }) => `${pciAddress}: ${driver}`).join(", "),
  );
});

const blocked = withLook("blockedProcesses", (processes) =>
  failOn(
    processes.map(({ pid, command, waitsIn }) =>
      waitsIn === "" ? `${command} (${pid})` : `${command} (${pid}) in ${waitsIn}`,
    ),
    "no process in uninterruptible sleep",
  ),
);

const machineClass = withInventory(({ machine }) =>
  /\bR[2-9][1-3]0\b/.test(machine.model)
    ? warn([`${machine.vendor} ${machine.model}`])
    : pass(`${machine.vendor} ${machine.model}`),
);

const clockSkew: HostCheck = ({ examination, nowMs, silence }) => {
  if (examination === undefined) return skip(silence ?? "the host was not looked at");
  const skewMs = examination.observedAtMs - nowMs;
  const text = `${(skewMs / 1000).toFixed(1)} s from the controller's clock`;
  if (Math.abs(skewMs) <= CLOCK_SKEW_MAX_MS) return pass(text);
  return Math.abs(skewMs) > CLOCK_SKEW_BAD_MS ? fail([text]) : warn([text]);
};

/** A check of the operating system's facts; skipped where the one asked for could not be read. */
const withSystem = <Key extends keyof SystemFacts>(
  key: Key,
  check: (value: NonNullable<SystemFacts[Key]>, inventory: Inventory, facts: HostFacts) => Verdict,
): HostCheck =>
  withInventory((inventory, facts) => {
    const value = inventory.system?.[key];
    return value === undefined || value === null
      ? skip("the agent could not read this of the system")
      : check(value as NonNullable<SystemFacts[Key]>, inventory, facts);
  });

const timeService = withSystem("isTimeSynchronized", (isSynchronized) =>
  isSynchronized ? pass("synchronized") : warn(["the clock is not synchronized"]),
);

const disks = withSystem("disks", (all) => {
  const text = ({ path, sizeBytes, availableBytes }: (typeof all)[number]) =>
    `${path}: ${(availableBytes / GIB).toFixed(1)} of ${(sizeBytes / GIB).toFixed(1)} GiB free`;
  const isBelow = (share: number) => (disk: (typeof all)[number]) =>
    disk.availableBytes < share * Math.min(DISK_FREE_BYTES, disk.sizeBytes * DISK_FREE_SHARE);
  const full = all.filter(isBelow(0.25));
  if (full.length > 0) return fail(full.map(text));
  return warnOn(all.filter(isBelow(1)).map(text), all.map(text).join(", "));
});

const rebootPending = withSystem("rebootRequiredBy", (packages) =>
  warnOn(
    packages.map((name) => `${name} was updated and waits for a reboot`),
    "nothing waits for a reboot",
  ),
);

const secureBoot = withInventory((inventory, facts) => {
  const logged = kernelLog("B11")(facts);
  if (logged.status === "fail") return logged;
  const isOn = inventory.system?.isSecureBoot;
  const vendor = inventory.nics.flatMap(({ driverInfo }) => driverInfo?.release ?? []);
  if (isOn && vendor.length > 0) {
    return warn([`Secure Boot is on, and ${vendor.join(", ")} is installed`]);
  }
  return logged;
});

const memory = withParts(["memory"], ({ memoryBytes }, { vms }) => {
  const promised = vms.reduce((sum, { allocation }) => sum + allocation.memoryBytes, 0);
  const gib = (bytes: number) => `${(bytes / GIB).toFixed(1)} GiB`;
  const text = `${gib(promised)} promised to ${vms.length} VMs, ${gib(memoryBytes)} there`;
  return promised > memoryBytes ? fail([text]) : pass(text);
});

const nicFound = withParts(["nics"], ({ nics }) =>
  nics.length === 0
    ? fail(["no NIC that a NIC profile drives"])
    : pass(...nics.map(({ model, serial }) => `${model}, serial ${serial}`)),
);

const managementPath = withPorts([], (ports) =>
  failOn(
    ports
      .filter(({ pf }) => pf.carriesManagement)
      .map((port) => `${portName(port)} carries the management path`),
    ports.map(portName).join(", "),
  ),
);

const storedFirmware = withParts(["nics"], ({ nics }) => {
  const known = nics.flatMap(({ model, firmware }) => (firmware ? [{ model, firmware }] : []));
  if (known.length === 0) return skip("no NIC tells its firmware");
  const waiting = known.filter(({ firmware }) => firmware.running !== firmware.stored);
  return warnOn(
    waiting.map(
      ({ model, firmware }) => `${model}: ${firmware.running} runs, ${firmware.stored} is stored`,
    ),
    known.map(({ model, firmware }) => `${model}: ${firmware.running}`).join(", "),
  );
});

/** A check of NICs whose driver tells about itself. */
const withDrivers = (
  check: (drivers: readonly DriverInfo[], kernel: string) => Verdict,
): HostCheck =>
  withParts(["nics"], ({ nics, os }) => {
    const drivers = nics.flatMap(({ driverInfo }) => driverInfo ?? []);
    return drivers.length === 0
      ? skip("no NIC's driver tells about itself")
      : check(drivers, os.kernelRelease);
  });

const version = (of: { readonly version: string | undefined } | undefined): string =>
  of === undefined ? "nothing" : (of.version ?? "the distribution's own");

const runningModules = withDrivers((drivers, kernel) => {
  const told = drivers.flatMap((driver) => {
    const onDisk = findDriverOnDisk(driver, kernel);
    return driver.loaded && onDisk ? [{ ...driver, loaded: driver.loaded, onDisk: onDisk }] : [];
  });
  if (told.length === 0) return skip("no driver is both loaded and on disk");
  return warnOn(
    told
      .filter(({ loaded, onDisk }) => loaded.version !== onDisk.version)
      .map(
        ({ module, loaded, onDisk }) =>
          `${module}: ${version(loaded)} runs, ${version(onDisk)} is on disk`,
      ),
    told.map(({ module, loaded }) => `${module}: ${version(loaded)}`).join(", "),
  );
});

const installedModules = withDrivers((drivers, kernel) =>
  failOn(
    drivers
      .filter((driver) => findDriverOnDisk(driver, kernel) === undefined)
      .map(({ module }) => `${module} is not there for ${kernel}`),
    drivers
      .map(
        (driver) => `${driver.module}: ${version(findDriverOnDisk(driver, kernel))} for ${kernel}`,
      )
      .join(", "),
  ),
);

const qemu = withInventory(({ qemuVersion }) => {
  if (qemuVersion === undefined)
    return fail(["QEMU is not installed"], "Install the qemu-kvm package.");
  const [major = 0, minor = 0] = qemuVersion.split(".").map(Number);
  const isNewEnough =
    major > QEMU_MIN.major || (major === QEMU_MIN.major && minor >= QEMU_MIN.minor);
  return isNewEnough
    ? pass(`QEMU ${qemuVersion}`)
    : fail([`QEMU ${qemuVersion}, needed is ${QEMU_MIN.major}.${QEMU_MIN.minor}`]);
});

/** @see CHECKS_OF_HOST for what each is about */
export const HOST_CHECK_RUNS = {
  A01: virtualization,
  A02: iommu,
  A03: kernelArguments,
  A04: vfsOffered,
  A06: vfsAsked,
  A07: kernelLog("A07"),
  A08: kernelLog("A08"),
  A09: driversBound,
  A10: blocked,
  A11: kernelLog("A11"),
  A12: machineClass,
  "HOST-CLOCK": clockSkew,
  "HOST-TIME": timeService,
  "HOST-DISK": disks,
  "HOST-MEMORY": memory,
  "HOST-REBOOT": rebootPending,
  "QEMU-VERSION": qemu,
  "HOST-NIC": nicFound,
  "MGMT-PATH": managementPath,
  B06: storedFirmware,
  B10: kernelLog("B10"),
  B11: secureBoot,
  B12: runningModules,
  B13: installedModules,
} as const satisfies Partial<Record<keyof typeof CHECKS_OF_HOST, HostCheck>>;
