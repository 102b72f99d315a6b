import {
  type MacAddress,
  type Mgmtdev,
  parsePciAddress,
  type Reason,
  type VdpaDevice,
  vdpaDevAdd,
  vdpaDevDel,
} from "@switchyard/model";
import type { CommandResult, Host } from "../../port/host.ts";
import { isFamilyAbsent, parseNetlinkAnswer } from "../netlink.ts";
import { readPciDriver } from "../pci/pci.ts";
import { commandError, hostError, listOptional, readJson, runFamilyJson } from "../tool.ts";
import { vdpaDevConfigShow, vdpaDevShow, vdpaMgmtdevShow } from "./commands.ts";
import {
  hasVdpaConfig,
  parseMgmtdevs,
  parseVdpaConfig,
  parseVdpaDevices,
  type VdpaEntry,
} from "./parse.ts";

/** Adding creates virtqueues and a netdev in firmware. */
const VDPA_ADD_TIMEOUT_MS = 60_000;
/** Deleting waits in the kernel, without end, for whoever holds the char device; so we stop waiting. */
const VDPA_DELETE_TIMEOUT_MS = 30_000;

/** Driver of virtio PCI devices made vDPA parents; it takes neither MAC nor max_vqp, whatever features say. */
const VP_VDPA_DRIVER = "vp-vdpa";

/** Management devices; none while the `vdpa` module is not loaded. */
export async function listMgmtdevs(host: Host): Promise<readonly Mgmtdev[]> {
  const answer = await runFamilyJson(host, vdpaMgmtdevShow());
  return Promise.all(parseMgmtdevs(answer).map((mgmtdev) => withFixedValues(host, mgmtdev)));
}

/** @see torvalds/linux drivers/vdpa/virtio_pci/vp_vdpa.c: config_attr_mask holds DEV_FEATURES only */
async function withFixedValues(host: Host, mgmtdev: Mgmtdev): Promise<Mgmtdev> {
  const [bus, address] = mgmtdev.handle.split("/");
  if (bus !== "pci" || address === undefined) return mgmtdev;
  const driver = await readPciDriver(host, parsePciAddress(address));
  return driver === VP_VDPA_DRIVER
    ? { ...mgmtdev, canSetMac: false, canSetMaxVqp: false }
    : mgmtdev;
}

/**
 * vDPA devices with their config and char device; none while the `vdpa` module is not loaded.
 *
 * The kernel ends its list of configs at the first device that refuses; those after it are asked for one by one.
 *
 * @see torvalds/linux drivers/vdpa/vdpa.c, vdpa_dev_config_dump
 */
export async function listVdpaDevices(host: Host): Promise<readonly VdpaDevice[]> {
  const entries = parseVdpaDevices(await runFamilyJson(host, vdpaDevShow()));
  if (entries.length === 0) return [];
  const all = await host.run({ argv: vdpaDevConfigShow() });
  const answer = all.exitCode === 0 ? readJson(vdpaDevConfigShow(), all) : {};
  const devices: VdpaDevice[] = [];
  for (const entry of entries) {
    const device = hasVdpaConfig(answer, entry.name)
      ? await joinDevice(host, entry, answer)
      : await findDevice(host, entry);
    if (device !== undefined) devices.push(device);
  }
  return devices;
}

const joinDevice = async (host: Host, entry: VdpaEntry, answer: unknown): Promise<VdpaDevice> => ({
  ...entry,
  ...parseVdpaConfig(answer, entry.name),
  vhostPath: await findVhostPath(host, entry.name),
});

/**
 * The first device that matches, read without looking at the others; undefined when there is none.
 *
 * @throws CommandError COMMAND_FAILED, COMMAND_OUTPUT_UNREADABLE
 */
export async function findVdpaDevice(
  host: Host,
  matches: (entry: VdpaEntry) => boolean,
): Promise<VdpaDevice | undefined> {
  const entry = parseVdpaDevices(await runFamilyJson(host, vdpaDevShow())).find(matches);
  return entry && (await findDevice(host, entry));
}

/** Undefined when the device was deleted after it was listed. */
async function findDevice(host: Host, entry: VdpaEntry): Promise<VdpaDevice | undefined> {
  const argv = vdpaDevConfigShow(entry.name);
  const result = await host.run({ argv });
  if (isDeviceAbsent(result)) return undefined;
  if (result.exitCode !== 0) throw commandError(argv, result);
  return await joinDevice(host, entry, readJson(argv, result));
}

/** @see torvalds/linux drivers/vdpa/vdpa.c: ENODEV with `device not found` */
function isDeviceAbsent(result: CommandResult): boolean {
  const { text, errno } = parseNetlinkAnswer(result.stderr);
  return result.exitCode !== 0 && (errno === "ENODEV" || text === "device not found");
}

/** The number of the char device is the lowest free minor and does not follow from the device's name. */
async function findVhostPath(host: Host, name: string): Promise<string | undefined> {
  const names = await listOptional(host, `/sys/bus/vdpa/devices/${name}`);
  const node = names.find((entry) => /^vhost-vdpa-\d+$/.test(entry));
  return node === undefined ? undefined : `/dev/${node}`;
}

export interface VdpaDeviceOptions {
  readonly name: string;
  /** Handle of the management device: `pci/0000:82:00.2`. */
  readonly mgmtdev: string;
  /** Undefined where the management device fixes it. */
  readonly mac: MacAddress | undefined;
  /** Virtqueue pairs; undefined where the management device does not take it. */
  readonly maxVqp: number | undefined;
}

/**
 * Creates a vDPA device. Not to be run twice: a name that exists and a VF that has a device are refused.
 *
 * @throws HostError VDPA_SLOT_TAKEN, VDPA_ATTRIBUTE_UNSUPPORTED, DEVICE_ABSENT (no such management
 *   device), MODULE_MISSING (no vdpa module), VDPA_ADD_FAILED
 * @see torvalds/linux drivers/vdpa/vdpa.c, vdpa_nl_cmd_dev_add_set_doit
 */
export async function addVdpaDevice(host: Host, options: VdpaDeviceOptions): Promise<void> {
  const argv = vdpaDevAdd(options);
  const result = await host.run({ argv, timeoutMs: VDPA_ADD_TIMEOUT_MS });
  if (result.exitCode === 0) return;
  const message = `vDPA device ${options.name} on ${options.mgmtdev} was refused`;
  throw hostError({ reason: reasonOfAdd(result), message, argv, result });
}

function reasonOfAdd(result: CommandResult): Reason {
  if (isFamilyAbsent(result.stderr)) return "MODULE_MISSING";
  const { text, errno } = parseNetlinkAnswer(result.stderr);
  if (text?.includes("provided attributes are not supported")) return "VDPA_ATTRIBUTE_UNSUPPORTED";
  if (text?.includes("for provided attributes")) return "VDPA_ATTRIBUTE_UNSUPPORTED";
  if (errno === "ENOSPC" || errno === "EEXIST") return "VDPA_SLOT_TAKEN";
  return errno === "ENODEV" ? "DEVICE_ABSENT" : "VDPA_ADD_FAILED";
}

/**
 * Deletes a vDPA device; one that is gone is success.
 *
 * The kernel waits without end while a process holds the device's char device: look for holders first.
 *
 * @throws HostError DEVICE_BUSY; CommandError COMMAND_FAILED, COMMAND_TIMED_OUT (still held)
 */
export async function deleteVdpaDevice(host: Host, name: string): Promise<void> {
  const argv = vdpaDevDel(name);
  const result = await host.run({ argv, timeoutMs: VDPA_DELETE_TIMEOUT_MS });
  if (result.exitCode === 0 || isFamilyAbsent(result.stderr)) return;
  if (isDeviceAbsent(result)) return;
  const { errno } = parseNetlinkAnswer(result.stderr);
  const reason = errno === "EBUSY" ? "DEVICE_BUSY" : "COMMAND_FAILED";
  throw hostError({ reason, message: `vDPA device ${name} was not deleted`, argv, result });
}
