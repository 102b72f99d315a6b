import { VmSpec } from "@switchyard/client";
import type { Command } from "commander";
import { type Context, readNamedFile } from "../../context.ts";
import { parseBytes } from "../../input/bytes.ts";
import { resourceName } from "../../input/names.ts";
import { collect, parseInteger, parseLabels } from "../../input/pairs.ts";
import { parseSpecText, readMerged } from "../../input/spec-file.ts";
import { UsageError } from "../../usage-error.ts";
import {
  addGuestOptions,
  type GuestOptions,
  imageBootOfFlags,
  readSshKeys,
} from "./guest-flags.ts";
import { parseNic } from "./nic-flags.ts";
import { addPlacementOptions, type PlacementOptions, placementOfFlags } from "./placement-flags.ts";
import { runtimeWord } from "./runtime-flag.ts";
import { addTuningOptions, type TuningOptions, tuningOfFlags } from "./tuning-flags.ts";

export interface VmSpecOptions extends GuestOptions, TuningOptions, PlacementOptions {
  readonly file?: string;
  readonly network?: string;
  readonly vcpus?: string;
  readonly memory?: string;
  readonly disk?: string;
  readonly diskFormat?: string;
  readonly kernel?: string;
  readonly initrd?: string;
  readonly append?: string;
  readonly queues?: string;
  readonly nic?: readonly string[];
  readonly hostLabel?: readonly string[];
  readonly guestAgent?: boolean;
  readonly runtime?: string;
  readonly preventDestroy?: boolean;
  readonly autostart?: boolean;
}

export function addVmSpecOptions(command: Command): void {
  addGuestOptions(command);
  addTuningOptions(command);
  addPlacementOptions(command);
  command
    .option("-f, --file <file>", "spec in YAML or JSON, - for standard input; flags override it")
    .option("--network <network>", "network of its one vDPA NIC, with --queues")
    .option("--vcpus <n>", "virtual CPUs")
    .option("--memory <size>", "such as 4GiB")
    .option("--image <image>", "image to boot from, on a disk of its own")
    .option("--disk-size <size>", "with --image: of that disk; default the image's own")
    .option("--disk <path>", "disk image on the host to boot from")
    .option("--disk-format <format>", "qcow2 or raw; default qcow2")
    .option("--kernel <path>", "kernel on the host to boot directly")
    .option("--initrd <path>", "its initial RAM disk")
    .option("--append <text>", "its command line")
    .option("--queues <n>", "virtqueue pairs; default as many as vCPUs and slot allow")
    .option(
      "--nic <network=…,kind=…,queues=…,mac=…,address=…>",
      "one NIC, kind vdpa or sriov; may be repeated",
      collect,
    )
    .option("--host-label <key=value>", "label its host must carry; may be repeated", collect)
    .option("--guest-agent", "the guest runs qemu-guest-agent (default)")
    .option("--no-guest-agent", "it does not: no address is set and no pings can be sent")
    .option("--runtime <runtime>", "qemu (default) or libvirt; the guest is the same")
    .option("--prevent-destroy", "refuse to delete it until that is taken back by an update")
    .option("--autostart", "start it again after its host booted");
}

type Fields = Record<string, unknown>;

function nicsOfFlags({ network, queues, nic }: VmSpecOptions): Fields {
  if (nic !== undefined && (network !== undefined || queues !== undefined)) {
    throw new UsageError("--nic and --network or --queues exclude each other");
  }
  return {
    ...(nic !== undefined && { nics: nic.map(parseNic) }),
    ...(network !== undefined && { network }),
    ...(queues !== undefined && { queuePairs: parseInteger(queues) }),
  };
}

function bootOfFlags(options: VmSpecOptions): Fields {
  const { disk, kernel, initrd, append, image } = options;
  if ([disk, kernel, image].filter((each) => each !== undefined).length > 1) {
    throw new UsageError("--image, --disk and --kernel exclude each other");
  }
  if (image !== undefined) return { image: imageBootOfFlags(image, options) };
  if (kernel !== undefined) {
    return { kernel: { kernelPath: kernel, initrdPath: initrd ?? "", commandLine: append ?? "" } };
  }
  return disk === undefined ? {} : { disk: { path: disk, format: options.diskFormat ?? "qcow2" } };
}

/** The spec that the flags alone make. @throws UsageError */
export const vmSpecOfFlags = (options: VmSpecOptions): Fields => ({
  ...nicsOfFlags(options),
  ...tuningOfFlags(options),
  ...placementOfFlags(options),
  ...(options.vcpus !== undefined && { vcpuCount: parseInteger(options.vcpus) }),
  ...(options.memory !== undefined && { memoryBytes: parseBytes(options.memory).toString() }),
  ...bootOfFlags(options),
  ...(options.runtime !== undefined && { runtime: runtimeWord(options.runtime) }),
  ...(options.hostLabel !== undefined && { hostSelector: parseLabels(options.hostLabel) }),
  ...(options.guestAgent !== undefined && { hasGuestAgent: options.guestAgent }),
  ...(options.preventDestroy !== undefined && { preventDestroy: options.preventDestroy }),
  ...(options.autostart !== undefined && { autostart: options.autostart }),
});

/** The spec of file and flags together; a guest has an agent unless it is said not to. @throws UsageError */
export async function readVmSpec(context: Context, options: VmSpecOptions): Promise<VmSpec> {
  const { file } = options;
  const ofFile =
    file === undefined ? {} : parseSpecText(await readNamedFile(context.io, file, "--file"), file);
  const hasAgentWord = "hasGuestAgent" in ofFile || "has_guest_agent" in ofFile;
  const sshKey = await readSshKeys(context, options.sshKey);
  const flags = { ...options, ...(sshKey !== undefined && { sshKey }) };
  const ofFlags = { ...(!hasAgentWord && { hasGuestAgent: true }), ...vmSpecOfFlags(flags) };
  const spec = readMerged(VmSpec, { ofFile, ofFlags }, file ?? "the VM");
  return spec.network === "" ? spec : { ...spec, network: resourceName("networks", spec.network) };
}
