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
  readonly maxVqp?: string;
  readonly bridge?: string;
  readonly bridgeAddresses?: string;
  readonly hwOffload?: boolean;
}

export function addProfileSpecOptions(command: Command): void {
  command
    .option("-f, --file <file>", "spec in YAML or JSON, - for standard input; flags override it")
    .option("-s, --selector <key=value>", "label its hosts carry; may be repeated", collect)
    .option("--mode <mode>", "datapath mode: vdpa")
    .option("--uplink-port <n>", "uplink is the n-th port of the host, from 0")
    .option("--uplink-pci <address>", "uplink is the port with this PCI address")
    .option("--vfs <n>", "VFs, and so slots for VMs")
    .option("--max-vqp <n>", "virtqueue pairs of each vDPA device")
    .option("--bridge <name>", "OVS bridge")
    .option("--bridge-addresses <range>", "FIRST-LAST/PREFIX; each host's bridge takes one")
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
    maxVqp: ifGiven(options.maxVqp, parseInteger),
    bridge: Object.keys(bridge).length === 0 ? undefined : bridge,
    hwOffload: options.hwOffload,
  });
  return given({
    selector: options.selector && parseLabels(options.selector),
    datapath: Object.keys(datapath).length === 0 ? undefined : datapath,
  });
}

const MODE_PREFIX = "DATAPATH_MODE_";

/** Lets people write `mode: vdpa` for the proto's long name. */
function withLongMode(spec: Fields): Fields {
  const { datapath } = spec;
  if (typeof datapath !== "object" || datapath === null) return spec;
  const { mode } = datapath as { readonly mode?: unknown };
  if (typeof mode !== "string" || mode.startsWith(MODE_PREFIX)) return spec;
  return { ...spec, datapath: { ...datapath, mode: `${MODE_PREFIX}${mode.toUpperCase()}` } };
}

/** A datapath whose mode nobody named is in the only mode there is yet. */
const withMode = (spec: ProfileSpec): ProfileSpec =>
  spec.datapath?.mode === DatapathMode.UNSPECIFIED
    ? { ...spec, datapath: { ...spec.datapath, mode: DatapathMode.VDPA } }
    : spec;

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
  const ofFile =
    file === undefined
      ? present
      : parseSpecText(await readNamedFile(context.io, file, "--file"), file);
  const specs = { ofFile: withLongMode(ofFile), ofFlags: withLongMode(specOfFlags(options)) };
  return withMode(readMerged(ProfileSpec, specs, file ?? "the profile"));
}
