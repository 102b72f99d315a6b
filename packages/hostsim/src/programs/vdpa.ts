import { findVf, type Machine, type VdpaDevice } from "../machine/machine.ts";
import { findRepresentor } from "../machine/netdev.ts";
import { Refusal } from "../machine/refusal.ts";
import { waitForVdpaLock } from "../machine/stuck.ts";
import {
  addVdpaDevice,
  FEATURE_BITS,
  handleOf,
  isVdpaLinkUp,
  maxSupportedVqs,
  mgmtdevs,
  negotiatedFeatures,
  removeVdpaDevice,
} from "../machine/vdpa.ts";
import {
  type Ended,
  failed,
  type Invoked,
  isWord,
  keyValues,
  printed,
  printedJson,
  refused,
  splitOptions,
} from "./program.ts";

/*
 * vdpa(8). Shapes and texts: iproute2/iproute2 vdpa/vdpa.c; torvalds/linux drivers/vdpa/vdpa.c.
 */

/** 0x15b3, printed in decimal. */
const VENDOR_ID = 5555;
const VQ_SIZE_MAX = 256;

type Keyed = Readonly<Record<string, unknown>>;

class SyntaxFailure extends Error {}

const describeMgmtdev = (machine: Machine): Keyed => ({
  supported_classes: ["net"],
  max_supported_vqs: maxSupportedVqs(machine),
  dev_features: Object.keys(FEATURE_BITS),
});

const describeDevice = (device: VdpaDevice): Keyed => ({
  type: "network",
  mgmtdev: `pci/${device.vf}`,
  vendor_id: VENDOR_ID,
  max_vqs: 2 * device.pairs + 1,
  max_vq_size: VQ_SIZE_MAX,
});

/** The keys `link ` and `link_announce ` end in a space in iproute2, too. */
function describeConfig(machine: Machine, device: VdpaDevice): Keyed {
  const features = negotiatedFeatures(machine, device);
  return {
    mac: device.mac,
    "link ": isVdpaLinkUp(machine, device) ? "up" : "down",
    "link_announce ": false,
    ...(device.pairs > 1 ? { max_vq_pairs: device.pairs } : {}),
    mtu: device.mtu,
    ...(features === undefined ? {} : { negotiated_features: features }),
  };
}

function chooseDevices(machine: Machine, name: string | undefined): readonly VdpaDevice[] {
  const all = [...machine.boot.vdpaDevices.values()];
  if (name === undefined) return all;
  const device = machine.boot.vdpaDevices.get(name);
  if (device === undefined) throw new Refusal("ENODEV", "vdpa: device not found");
  return [device];
}

function mgmtdevShow(machine: Machine, handle: string | undefined): Record<string, Keyed> {
  const found = mgmtdevs(machine).filter((vf) => handle === undefined || handleOf(vf) === handle);
  if (handle !== undefined && found.length === 0) {
    throw new Refusal("ENODEV", "vdpa: Fail to find the specified mgmt device");
  }
  return Object.fromEntries(found.map((vf) => [handleOf(vf), describeMgmtdev(machine)]));
}

const KNOWN_ATTRIBUTES = ["name", "mgmtdev", "mac", "mtu", "max_vqp", "device_features"];

async function add(invoked: Invoked, words: readonly string[]): Promise<void> {
  const pairs = keyValues(words);
  const unknown = [...pairs.keys()].find((key) => !KNOWN_ATTRIBUTES.includes(key));
  if (unknown !== undefined) throw new SyntaxFailure(`Unknown option "${unknown}"`);
  const handle = pairs.get("mgmtdev");
  const name = pairs.get("name");
  if (handle === undefined) throw new SyntaxFailure("management device handle not set.");
  if (name === undefined) throw new SyntaxFailure("device name is not set.");
  const number = (key: string) => (pairs.has(key) ? Number(pairs.get(key)) : undefined);
  const features = pairs.get("device_features");
  await addVdpaDevice(invoked.act, {
    name,
    handle,
    mac: pairs.get("mac")?.toLowerCase(),
    mtu: number("mtu"),
    maxVqp: number("max_vqp"),
    deviceFeatures: features === undefined ? undefined : BigInt(features),
  });
}

/** Descriptors that a guest's driver hands in for frames that may come. */
const RECEIVE_DESCRIPTORS = 256;

/** What one queue did: the first of each direction carries all frames, one descriptor each. */
function queueCounts(machine: Machine, device: VdpaDevice, index: number) {
  const vf = findVf(machine, device.vf);
  const seen = vf === undefined ? undefined : findRepresentor(machine, vf)?.vport;
  const completed = index === 0 ? (seen?.txPackets ?? 0) : index === 1 ? (seen?.rxPackets ?? 0) : 0;
  const waiting = index % 2 === 0 && index < 2 * device.pairs ? RECEIVE_DESCRIPTORS : 0;
  return { received_desc: completed + waiting, completed_desc: completed };
}

/** Counters of one queue. */
function vstats(machine: Machine, words: readonly string[]): Record<string, Keyed> {
  const [device] = chooseDevices(machine, words[0] ?? "");
  if (device === undefined) throw new Refusal("ENODEV", "vdpa: device not found");
  const index = Number(keyValues(words.slice(1)).get("qidx") ?? 0);
  if (negotiatedFeatures(machine, device) === undefined) {
    throw new Refusal("EAGAIN", "vdpa: feature negotiation not complete");
  }
  if (index > 2 * device.pairs) throw new Refusal("ERANGE", "vdpa: queue index exceeds max value");
  const type = index === 2 * device.pairs ? "control_vq" : index % 2 === 0 ? "rx" : "tx";
  return { [device.name]: { queue_type: type, ...queueCounts(machine, device, index) } };
}

async function runDev(
  invoked: Invoked,
  words: readonly string[],
): Promise<readonly [string, Record<string, Keyed>]> {
  const { machine, act } = invoked;
  const [command, ...rest] = words;
  if (command === undefined || isWord(command, "show")) {
    const devices = chooseDevices(machine, rest[0]);
    return ["dev", Object.fromEntries(devices.map((each) => [each.name, describeDevice(each)]))];
  }
  if (isWord(command, "add")) {
    await add(invoked, rest);
    return ["", {}];
  }
  if (isWord(command, "del")) {
    if (rest[0] === undefined) throw new SyntaxFailure("device name is not set.");
    await removeVdpaDevice(act, rest[0]);
    return ["", {}];
  }
  if (isWord(command, "config")) {
    const entries = chooseDevices(machine, rest[1]).map(
      (each) => [each.name, describeConfig(machine, each)] as const,
    );
    return ["config", Object.fromEntries(entries)];
  }
  if (isWord(command, "vstats")) return ["vstats", vstats(machine, rest.slice(1))];
  throw new SyntaxFailure(`Command "${command}" not found`);
}

function asText(value: Readonly<Record<string, Keyed>>): string {
  return Object.entries(value)
    .map(([name, fields]) => {
      const words = Object.entries(fields).map(([key, field]) => {
        const text = Array.isArray(field) ? field.join(" ") : String(field);
        return `${key.trim()} ${text}`;
      });
      return `${name}: ${words.join(" ")}\n`;
    })
    .join("");
}

/** vdpa(8): mgmtdev show, dev show|add|del|config|vstats. */
export async function vdpa(invoked: Invoked): Promise<Ended> {
  const { machine } = invoked;
  const { options, words } = splitOptions(invoked.args);
  if (options.some((option) => option === "-V" || option === "--Version")) {
    return printed("vdpa utility, iproute2-6.2.0\n");
  }
  if (!machine.boot.modules.has("vdpa")) return failed("Failed to connect to vdpa Netlink");
  const isJson = options.some((option) => option.startsWith("-j") || option === "--json");
  try {
    await waitForVdpaLock(machine);
    const [object, ...rest] = words;
    const [key, value] = isWord(object, "mgmtdev")
      ? (["mgmtdev", mgmtdevShow(machine, rest[1])] as const)
      : isWord(object, "dev")
        ? await runDev(invoked, rest)
        : [undefined, {}];
    if (key === undefined) return failed(`Object "${object ?? ""}" not found`);
    if (key === "") return printed("");
    return isJson ? printedJson({ [key]: value }) : printed(asText(value));
  } catch (error) {
    if (error instanceof SyntaxFailure) return failed(error.message);
    return refused(error);
  }
}
