import { ExperimentMode, ExperimentSpec } from "@switchyard/client";
import type { Command } from "commander";
import { parseBytes } from "../../input/bytes.ts";
import { parseDuration, toDuration } from "../../input/duration.ts";
import { resourceName } from "../../input/names.ts";
import { parseInteger } from "../../input/pairs.ts";
import { UsageError } from "../../usage-error.ts";
import { SUITES } from "./suites-table.ts";

export interface RunOptions {
  readonly hosts: string;
  readonly image: string;
  readonly modes?: string;
  readonly network?: string;
  readonly suite?: string;
  readonly rounds?: string;
  readonly duration?: string;
  readonly warmUp?: string;
  readonly idle?: string;
  readonly streams?: string;
  readonly pings?: string;
  readonly vcpus?: string;
  readonly memory?: string;
  readonly queues?: string;
  readonly seed?: string;
  readonly allowOtherVms?: boolean;
}

export function addRunOptions(command: Command): void {
  command
    .requiredOption(
      "--hosts <host,host>",
      "one host, or two; the first VM, which sends, is on the first",
    )
    .requiredOption("--image <image>", "what both VMs boot; it holds qemu-guest-agent and iperf3")
    .option("--modes <modes>", "of sriov, vdpa and vdpa-sw, with commas; default all")
    .option("--network <network>", "of the VMs; default the only one there is")
    .option("--suite <suite>", "how long and how often, by name: swy bench suites")
    .option("--rounds <n>", "of each mode")
    .option("--duration <time>", "of one run, such as 10s")
    .option("--warm-up <time>", "of the run that is thrown away; 0 for none")
    .option("--idle <time>", "over which hosts are read before any load; 0 for none")
    .option("--streams <n>", "TCP connections side by side")
    .option("--pings <n>", "of a round; 0 leaves latency out")
    .option("--vcpus <n>", "of each VM")
    .option("--memory <size>", "of each VM, such as 4GiB")
    .option("--queues <n>", "virtqueue pairs of vDPA NICs")
    .option("--seed <n>", "what the order of the modes is drawn from; default by chance")
    .option("--allow-other-vms", "let VMs stay on the hosts where no mode takes their NIC away");
}

const MODES: Readonly<Record<string, ExperimentMode>> = {
  sriov: ExperimentMode.SRIOV,
  vdpa: ExperimentMode.VDPA,
  "vdpa-sw": ExperimentMode.VDPA_SW,
};

const listOf = (text: string): readonly string[] =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

/** @throws UsageError */
function modeOf(text: string): ExperimentMode {
  const mode = MODES[text];
  if (mode !== undefined) return mode;
  throw new UsageError(`"${text}" is no mode; sriov, vdpa and vdpa-sw are`);
}

/** @throws UsageError */
function spanOf(text: string) {
  return toDuration(text === "0" ? 0 : parseDuration(text));
}

/** @throws UsageError */
function suiteOf(name: string | undefined): Partial<ExperimentSpec> {
  if (name === undefined) return {};
  const suite = SUITES.find((each) => each.name === name);
  if (suite !== undefined) return suite.spec;
  throw new UsageError(`there is no suite "${name}"; swy bench suites lists them`);
}

/** What flags say beside a suite. @throws UsageError */
function timesOf(options: RunOptions): Partial<ExperimentSpec> {
  const { rounds, duration, warmUp, idle, streams, pings, seed } = options;
  return {
    ...(rounds !== undefined && { roundCount: parseInteger(rounds) }),
    ...(duration !== undefined && { duration: spanOf(duration) }),
    ...(warmUp !== undefined && { warmUp: spanOf(warmUp) }),
    ...(idle !== undefined && { idle: spanOf(idle) }),
    ...(streams !== undefined && { streamCount: parseInteger(streams) }),
    ...(pings !== undefined && { pingCount: parseInteger(pings) }),
    ...(seed !== undefined && { seed: BigInt(parseInteger(seed)) }),
  };
}

/** The experiment that the flags ask for; flags override the suite. @throws UsageError */
export function experimentSpecOf(options: RunOptions): ExperimentSpec {
  const { hosts, image, modes, network, vcpus, memory, queues } = options;
  return ExperimentSpec.fromPartial({
    ...suiteOf(options.suite),
    ...timesOf(options),
    hosts: listOf(hosts).map((host) => resourceName("hosts", host)),
    image: resourceName("images", image),
    modes: modes === undefined ? [] : listOf(modes).map(modeOf),
    ...(network !== undefined && { network: resourceName("networks", network) }),
    vm: {
      ...(vcpus !== undefined && { vcpuCount: parseInteger(vcpus) }),
      ...(memory !== undefined && { memoryBytes: parseBytes(memory) }),
      ...(queues !== undefined && { queuePairs: parseInteger(queues) }),
    },
    allowOtherVms: options.allowOtherVms === true,
  });
}
