import { DatapathMode, ProfileSpec } from "@switchyard/client";
import type { Command } from "commander";
import { type Context, readNamedFile } from "../../context.ts";
import { collect, parseInteger, parseLabels, parseRange } from "../../input/pairs.ts";
import { parseSpecText, readMerged } from "../../input/spec-file.ts";

export interface ProfileSpecOptions {
  readonly file?: string;
  readonly selector?: readonly string[];
  readonly mode?: string;
  readonly uplinkPort?: string;
  readonly uplinkPci?: string;
  readonly vfs?: string;
  readonly vfDriver?: string;
  readonly maxVqp?: string;
  readonly bridge?: string;
  readonly bridgeAddresses?: string;
  readonly bond?: string;
  readonly bondMode?: string;
  readonly bondPort?: string;
  readonly hwOffload?: boolean;
}

export function addProfileSpecOptions(command: Command): void {
  command
    .option("-f, --file <file>", "spec in YAML or JSON, - for standard input; flags override it")
    .option("-s, --selector <key=value>", "label its hosts carry; may be repeated", collect)
    .option("--mode <mode>", "datapath mode: vdpa or sriov")
    .option("--uplink-port <n>", "uplink is the n-th port of the host, from 0")
    .option("--uplink-pci <address>", "uplink is the port with this PCI address")
    .option("--vfs <n>", "VFs, and so slots for VMs")
    .option("--vf-driver <driver>", "mode sriov: auto, vfio-pci or mlx5_vfio_pci")
    .option("--max-vqp <n>", "mode vdpa: virtqueue pairs of each vDPA device")
    .option("--bridge <name>", "mode vdpa: OVS bridge")
    .option("--bridge-addresses <range>", "FIRST-LAST/PREFIX; each host's bridge takes one")
    .option("--bond <name>", "mode vdpa: join the uplink with another port in a bond of this name")
    .option("--bond-mode <mode>", "active-backup, 802.3ad or balance-xor")
    .option("--bond-port <n>", "the n-th port of the host, from 0, joined with the uplink")
    .option("--hw-offload", "let the NIC carry the flows")
    .option("--no-hw-offload", "let the host's CPU carry the flows");
}

type Fields = Record<string, unknown>;

/** Members whose value is undefined left out, so that they override nothing. */
const given = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

const ifGiven = <Value>(
  text: string | undefined,
  read: (text: string) => Value,
): Value | undefined => (text === undefined ? undefined : read(text));

/** @throws UsageError */
function bondOfFlags(options: ProfileSpecOptions): Fields | undefined {
  const { bond: name, bondMode, bondPort } = options;
  const port = ifGiven(bondPort, parseInteger);
  const mode = bondMode === undefined ? undefined : bondModeName(bondMode);
  const bond = given({ name, mode, ports: port === undefined ? undefined : [{ port }] });
  return Object.keys(bond).length === 0 ? undefined : bond;
}

const BOND_MODE_PREFIX = "BOND_MODE_";

/** `802.3ad` and `active-backup` as the proto has them. */
function bondModeName(text: string): string {
  if (text.startsWith(BOND_MODE_PREFIX)) return text;
  const name = text === "802.3ad" ? "ieee-802.3ad" : text;
  return `${BOND_MODE_PREFIX}${name.replaceAll(/[-.]/g, "_").toUpperCase()}`;
}

/** The spec that the flags alone make. @throws UsageError */
export function specOfFlags(options: ProfileSpecOptions): Fields {
  const bridge = given({
    name: options.bridge,
    addressRange: ifGiven(options.bridgeAddresses, parseRange),
  });
  const datapath = given({
    mode: options.mode,
    uplinkPort: ifGiven(options.uplinkPort, parseInteger),
    uplinkPciAddress: options.uplinkPci,
    vfCount: ifGiven(options.vfs, parseInteger),
    vfDriver: options.vfDriver,
    maxVqp: ifGiven(options.maxVqp, parseInteger),
    bridge: Object.keys(bridge).length === 0 ? undefined : bridge,
    hwOffload: options.hwOffload,
    bond: bondOfFlags(options),
  });
  return given({
    selector: options.selector && parseLabels(options.selector),
    datapath: Object.keys(datapath).length === 0 ? undefined : datapath,
  });
}

type Prefixes = Readonly<Record<string, string>>;

/** Prefixes of the proto's long names, which people leave out. */
const DATAPATH_PREFIXES: Prefixes = { mode: "DATAPATH_MODE_", vfDriver: "VF_DRIVER_" };
const BIOS_PREFIXES: Prefixes = { nicVirtualization: "NIC_VIRTUALIZATION_" };
const IMAGE_PREFIXES: Prefixes = { kind: "FIRMWARE_IMAGE_KIND_" };

/** Lets people write `mode: vdpa` and `kind: dell-dup` for the proto's long names. */
export function withLongNames(spec: Fields): Fields {
  const { bios, datapath, firmware } = spec;
  const images = isFields(firmware) ? firmware["images"] : undefined;
  return {
    ...spec,
    ...(isFields(bios) && { bios: lengthened(bios, BIOS_PREFIXES) }),
    ...(isFields(datapath) && { datapath: withLongBond(lengthened(datapath, DATAPATH_PREFIXES)) }),
    ...(isFields(firmware) &&
      Array.isArray(images) && {
        firmware: {
          ...firmware,
          images: images.map((image: unknown) =>
            isFields(image) ? lengthened(image, IMAGE_PREFIXES) : image,
          ),
        },
      }),
  };
}

/** As `withLongNames`, for the mode of a datapath's bond, which has a name of the kernel's own. */
function withLongBond(datapath: Fields): Fields {
  const { bond } = datapath;
  if (!isFields(bond) || typeof bond["mode"] !== "string") return datapath;
  return { ...datapath, bond: { ...bond, mode: bondModeName(bond["mode"]) } };
}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const lengthened = (fields: Fields, prefixes: Prefixes): Fields =>
  Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, longName(prefixes[key], value)]),
  );

function longName(prefix: string | undefined, value: unknown): unknown {
  if (prefix === undefined || typeof value !== "string" || value.startsWith(prefix)) return value;
  return `${prefix}${value.replaceAll("-", "_").toUpperCase()}`;
}

/** A datapath whose mode nobody named is in vDPA mode. */
const withMode = (spec: ProfileSpec): ProfileSpec =>
  spec.datapath?.mode === DatapathMode.UNSPECIFIED
    ? { ...spec, datapath: { ...spec.datapath, mode: DatapathMode.VDPA } }
    : spec;

/** Members of a datapath that only one mode has. */
const OF_MODE: Readonly<Record<string, readonly string[]>> = {
  DATAPATH_MODE_VDPA: ["maxVqp", "bridge", "hwOffload", "bond"],
  DATAPATH_MODE_SRIOV: ["vfDriver"],
};

/** What the flags change, less what the mode that they change to does not have. */
function inModeOfFlags(present: Fields, ofFlags: Fields): Fields {
  const { mode } = (ofFlags["datapath"] ?? {}) as { readonly mode?: unknown };
  const { datapath } = present;
  if (typeof mode !== "string" || typeof datapath !== "object" || datapath === null) return present;
  const foreign = Object.entries(OF_MODE).flatMap(([other, members]) =>
    other === mode ? [] : members,
  );
  const kept = Object.entries(datapath).filter(([key]) => !foreign.includes(key));
  return { ...present, datapath: Object.fromEntries(kept) };
}

/**
 * The spec of file and flags together.
 *
 * @param present what the flags change when there is no file
 * @throws UsageError
 */
export async function readProfileSpec(
  context: Context,
  options: ProfileSpecOptions,
  present: Fields = {},
): Promise<ProfileSpec> {
  const { file } = options;
  const ofFlags = withLongNames(specOfFlags(options));
  const ofFile =
    file === undefined
      ? inModeOfFlags(present, ofFlags)
      : parseSpecText(await readNamedFile(context.io, file, "--file"), file);
  const specs = { ofFile: withLongNames(ofFile), ofFlags };
  return withMode(readMerged(ProfileSpec, specs, file ?? "the profile"));
}
