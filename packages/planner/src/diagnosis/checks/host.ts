import type { CHECKS_OF_HOST, Examination } from "@switchyard/model";
import { viewPfs } from "../../host/pf-view.ts";
import { KERNEL_TEXTS, type KernelTextCheck } from "../kernel-texts.ts";
import { portName, withPorts } from "../ports.ts";
import {
  fail,
  failOn,
  type HostCheck,
  pass,
  skip,
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

const iommu = withParts(["iommu"], ({ iommuGroupCount, hostKind }) => {
  if (iommuGroupCount > 0) return pass(`${iommuGroupCount} IOMMU groups`);
  return hostKind === "lab" ? warn(["0 IOMMU groups"]) : fail(["0 IOMMU groups"]);
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

const timeService = withLook("isClockSynchronized", (isSynchronized) =>
  isSynchronized ? pass("synchronized") : warn(["the clock is not synchronized"]),
);

const disks = withLook("disks", (all) => {
  const text = ({ path, sizeBytes, freeBytes }: NonNullable<Examination["disks"]>[number]) =>
    `${path}: ${(freeBytes / GIB).toFixed(1)} of ${(sizeBytes / GIB).toFixed(1)} GiB free`;
  const isBelow = (share: number) => (disk: (typeof all)[number]) =>
    disk.freeBytes < share * Math.min(DISK_FREE_BYTES, disk.sizeBytes * DISK_FREE_SHARE);
  const full = all.filter(isBelow(0.25));
  if (full.length > 0) return fail(full.map(text));
  return warnOn(all.filter(isBelow(1)).map(text), all.map(text).join(", "));
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

const runningModules = withLook("modules", (modules) => {
  const told = modules.filter(
    ({ loadedSource, installedSource }) =>
      loadedSource !== undefined && installedSource !== undefined,
  );
  if (told.length === 0) return skip("no module tells the source it was built from");
  const stale = told.filter((module) => module.loadedSource !== module.installedSource);
  return warnOn(
    stale.map(({ name }) => `${name} in memory is not the one on disk`),
    told.map(({ name }) => name).join(", "),
  );
});

const installedModules = withLook("modules", (modules, { inventory }) => {
  const absent = modules.filter(({ isInstalled, isLoaded }) => !isInstalled && !isLoaded);
  const kernel = inventory?.os.kernelRelease ?? "the running kernel";
  return failOn(
    absent.map(({ name }) => `${name} is not there for ${kernel}`),
    `${modules.map(({ name }) => name).join(", ")} for ${kernel}`,
  );
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
  "HOST-NIC": nicFound,
  "MGMT-PATH": managementPath,
  B06: storedFirmware,
  B10: kernelLog("B10"),
  B11: kernelLog("B11"),
  B12: runningModules,
  B13: installedModules,
} as const satisfies Partial<Record<keyof typeof CHECKS_OF_HOST, HostCheck>>;
