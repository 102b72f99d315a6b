import { type CHECKS_OF_HOST, type DriverInfo, findDriverOnDisk } from "@switchyard/model";
import { ordinaryMemoryBytes } from "../../placement/candidate.ts";
import { KERNEL_TEXTS, type KernelTextCheck } from "../kernel-texts.ts";
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

const memory = withParts(["memory"], (inventory, { vms }) => {
  const memoryBytes = ordinaryMemoryBytes(inventory);
  const promised = vms.reduce((sum, { allocation }) => sum + allocation.memoryBytes, 0);
  const gib = (bytes: number) => `${(bytes / GIB).toFixed(1)} GiB`;
  const text = `${gib(promised)} promised to ${vms.length} VMs, ${gib(memoryBytes)} there`;
  return promised > memoryBytes ? fail([text]) : pass(text);
});

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

/** Those of preflight are beside. @see CHECKS_OF_HOST for what each is about */
export const HOST_CHECK_RUNS = {
  A07: kernelLog("A07"),
  A08: kernelLog("A08"),
  A09: driversBound,
  A10: blocked,
  A11: kernelLog("A11"),
  A12: machineClass,
  "HOST-CLOCK": clockSkew,
  "HOST-MEMORY": memory,
  "QEMU-VERSION": qemu,
  B06: storedFirmware,
  B10: kernelLog("B10"),
  B11: kernelLog("B11"),
  B12: runningModules,
  B13: installedModules,
} as const satisfies Partial<Record<keyof typeof CHECKS_OF_HOST, HostCheck>>;
