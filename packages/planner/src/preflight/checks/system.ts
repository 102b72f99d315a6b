import {
  type DiskSpace,
  type PreflightCheckId,
  SELINUX_OFF,
  wantedArguments,
} from "@switchyard/model";
import {
  fail,
  type PreflightCheck,
  pass,
  skip,
  warn,
  warnOn,
  withInventory,
  withParts,
} from "../../diagnosis/verdict.ts";
import { hugepageBytes, usableMemoryBytes } from "../../placement/candidate.ts";
import { lockedDownBy } from "../lockdown.ts";
import { withSystem } from "../with-system.ts";

const GIB = 1024 ** 3;
/** Below either a disk is called full soon; below a quarter of both, full. */
const DISK_FREE_BYTES = 4 * GIB;
const DISK_FREE_SHARE = 0.1;
const FULL_SHARE = 0.25;

const gib = (bytes: number): string => `${(bytes / GIB).toFixed(1)} GiB`;

const timeService: PreflightCheck = withSystem("isTimeSynchronized", (isSynchronized) =>
  isSynchronized ? pass("synchronized") : warn(["the clock is not synchronized"]),
);

const diskText = ({ path, sizeBytes, availableBytes }: DiskSpace): string =>
  `${path}: ${(availableBytes / GIB).toFixed(1)} of ${(sizeBytes / GIB).toFixed(1)} GiB free`;

const isBelow =
  (share: number) =>
  ({ sizeBytes, availableBytes }: DiskSpace): boolean =>
    availableBytes < share * Math.min(DISK_FREE_BYTES, sizeBytes * DISK_FREE_SHARE);

const disks: PreflightCheck = withSystem("disks", (all) => {
  if (all.length === 0) return skip("no file system tells its size");
  const full = all.filter(isBelow(FULL_SHARE));
  if (full.length > 0) return fail(full.map(diskText));
  return warnOn(all.filter(isBelow(1)).map(diskText), all.map(diskText).join(", "));
});

const rebootPending: PreflightCheck = withSystem("rebootRequiredBy", (packages) =>
  warnOn(
    packages.map((name) => `${name} was updated and waits for a reboot`),
    "nothing waits for a reboot",
  ),
);

/** More of the memory than this set aside is a mistake on a host for VMs. */
const HUGEPAGES_SHARE_MAX = 0.5;

const hugepages: PreflightCheck = withParts(["memory"], ({ memoryBytes, system }) => {
  if (system?.hugepages === undefined) return skip("the agent could not read this of the system");
  const setAside = hugepageBytes({ system });
  const text = `${gib(setAside)} of ${gib(memoryBytes)} in huge pages`;
  if (usableMemoryBytes({ memoryBytes }) <= setAside) return fail([text]);
  return setAside > memoryBytes * HUGEPAGES_SHARE_MAX ? warn([text]) : pass(text);
});

const selinux: PreflightCheck = withSystem("selinux", (state, _inventory, { desired }) => {
  const isAskedOff =
    desired?.system !== undefined && wantedArguments(desired.system).includes(SELINUX_OFF);
  return isAskedOff && state !== "disabled"
    ? warn([`the profile turns SELinux off, and it is ${state}`])
    : pass(state);
});

const secureBoot: PreflightCheck = withInventory((inventory, { desired }) => {
  const { system, nics } = inventory;
  if (system?.isSecureBoot === undefined && system?.lockdown === undefined) {
    return skip("the agent could not read this of the system");
  }
  const cause = lockedDownBy(inventory);
  if (cause === undefined) return pass("Secure Boot is off, and the kernel is not locked down");
  const asked = desired?.driver?.kind ?? "inbox";
  if (asked !== "inbox") return fail([cause, `the profile asks for ${asked}, built on the host`]);
  const installed = nics.flatMap(({ driverInfo }) => driverInfo?.release ?? []);
  return warnOn(
    [
      ...(installed.length > 0 ? [`${installed.join(", ")} is installed`] : []),
      ...(desired?.firmware === undefined
        ? []
        : ["the profile asks for firmware, whose tools write to the card directly"]),
    ].map((text) => `${cause}, and ${text}`),
    `${cause}; the distribution's own driver is signed`,
  );
});

/** @see CHECKS_OF_HOST for what each is about */
export const SYSTEM_RUNS = {
  "HOST-DISK": disks,
  "HOST-HUGEPAGES": hugepages,
  "HOST-TIME": timeService,
  "HOST-REBOOT": rebootPending,
  "HOST-SELINUX": selinux,
  "HOST-SECURE-BOOT": secureBoot,
} as const satisfies Partial<Record<PreflightCheckId, PreflightCheck>>;
