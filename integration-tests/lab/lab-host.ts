import {
  cp,
  mkdir,
  mkdtemp,
  open,
  readFile,
  rm,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describeError } from "@switchyard/runtime";
import { readBootLoaderArguments } from "./boot-loader.ts";
import { watchBoots } from "./boot-watch.ts";
import { ensureLabArtefacts, type LabArtefacts } from "./build/artefacts.ts";
import type { Report } from "./build/steps.ts";
import { type CommandResult, createGuestAgent, type GuestAgent } from "./guest-agent.ts";
import { describeNic, describeSriovNic, formatYaml, type VdpaMacs } from "./nic-profile.ts";
import { type Power, switchOn } from "./power.ts";
import { type LabHostPaths, qemuArguments, type UdpLink } from "./qemu-arguments.ts";
import { createTopology, type LabNetdev, listNetdevs, type Topology } from "./topology.ts";
import { findUdpLinks } from "./udp-ports.ts";

/** How to start a lab host. Everything has a default that suits one lab host on its own. */
export interface LabHostOptions {
  /** Tells lab hosts apart: 0 ≤ index ≤ 99. */
  readonly index?: number;
  readonly vfCount?: number;
  /** Default: `fixed`. */
  readonly vdpaMacs?: VdpaMacs;
  readonly memoryMib?: number;
  /** Folder for sockets, logs and the state share; made when absent, never removed. */
  readonly directory?: string;
  /** Folder shown read-only as `/payload`. */
  readonly payloadDirectory?: string;
  /** Lets the lab host reach this machine's loopback at 10.0.2.2. Without it, nothing at all. */
  readonly reachesOuterMachine?: boolean;
  /** Where the uplink's cable goes; see `reverseLink` to join two lab hosts. */
  readonly uplinkLink?: UdpLink;
  readonly artefacts?: LabArtefacts;
  readonly report?: Report;
}

/** How to run a program inside a lab host. */
export interface RunOptions {
  /** After this the program is ended inside the lab host, and the call fails. */
  readonly timeoutMs?: number;
  readonly stdin?: string;
  /** Added to the guest agent's own environment. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** How to start a program that keeps running inside a lab host. */
export interface SpawnOptions {
  /** File name of its output, in the state share: readable from outside while it runs. */
  readonly log: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A program that keeps running inside a lab host. */
export interface LabProcess {
  readonly pid: number;
  /** Its output, as a path on this machine. */
  readonly logFile: string;
  readonly isRunning: () => Promise<boolean>;
  /** Sends SIGTERM and, after `graceMs`, SIGKILL. May run twice. */
  readonly stop: (graceMs?: number) => Promise<void>;
}

/** One running lab host. */
export interface LabHost extends AsyncDisposable {
  readonly topology: Topology;
  readonly paths: LabHostPaths;
  /** Runs argv inside and returns how it ended, whatever its exit code. */
  readonly run: (argv: readonly string[], options?: RunOptions) => Promise<CommandResult>;
  /** Runs argv inside and returns its stdout; an exit code other than 0 is an error. */
  readonly output: (argv: readonly string[], options?: RunOptions) => Promise<string>;
  readonly spawn: (argv: readonly string[], options: SpawnOptions) => Promise<LabProcess>;
  readonly readFile: (path: string) => Promise<string>;
  readonly writeFile: (path: string, text: string) => Promise<void>;
  /** Changes at every boot. */
  readonly readBootId: () => Promise<string>;
  /** Cuts the power and switches on again; see `waitUntilReady` for the boot that follows. */
  readonly powerCycle: () => Promise<void>;
  /** Waits until the lab host is up and in another boot than `previousBootId`. */
  readonly waitUntilReady: (previousBootId?: string) => Promise<void>;
  /** The last lines the lab host wrote on its console. */
  readonly readSerialTail: (lines?: number) => Promise<string>;
  /** Seconds since power-on, for timelines. */
  readonly uptimeSeconds: () => number;
  /** Switches off and ends exactly this lab host's QEMU. May run twice. */
  readonly stop: () => Promise<void>;
}

/** A lab host, or a program in it, did not do what was asked; the message carries the evidence. */
export class LabHostError extends Error {
  override readonly name = "LabHostError";
}

/** Two nested guests of 256 MiB, the page cache of QEMU and OVS, and the agent's Node. */
const MEMORY_MIB = 4096;

const RUN_TIMEOUT_MS = 60_000;
const STOP_PROBE_INTERVAL_MS = 300;

/** Room for an image as it comes and as it is used, the disks of some VMs, and the ledger; sparse. */
const DISK_BYTES = 2 * 1024 * 1024 * 1024;

const SERIAL_TAIL_LINES = 30;

/** The lab host has no systemd: busybox is its first process, and what ends it. */
const BUSYBOX_PROGRAMS = ["init", "reboot", "poweroff", "halt"];

/** Where the lab host keeps what must be seen from outside; the state share. */
const STATE_MOUNT = "/var/lib/switchyard-lab";

/** Where the agent finds what the lab's NIC is. */
export const NIC_PROFILE = "/etc/switchyard/nic-profiles/lab.yaml";

/** Exit codes of coreutils' timeout: the limit was reached, by SIGTERM or by SIGKILL. */
const TIMED_OUT_CODES: readonly (number | undefined)[] = [124, 137];

/**
 * Starts a lab host and waits until it is ready: modules loaded, netdevs named, Open vSwitch
 * running, the NIC in its factory state.
 *
 * @throws LabHostError when it does not get ready in time, with the tail of its console
 */
export async function startLabHost(options: LabHostOptions = {}): Promise<LabHost> {
  const artefacts = options.artefacts ?? (await ensureLabArtefacts(options.report ?? (() => {})));
  const topology = createTopology({
    index: options.index ?? 0,
    vfCount: options.vfCount ?? 2,
    hasSriovNic: artefacts.hasSriovNic,
  });
  const paths = await prepareDirectories(topology, options);
  const vfLinks = await findUdpLinks(topology.vfs.length);
  const [looseEnd] = await findUdpLinks(1);
  const uplinkLink = options.uplinkLink ?? looseEnd;
  if (uplinkLink === undefined) throw new RangeError("No port for the uplink.");
  const readArguments = async () =>
    qemuArguments({
      topology,
      artefacts,
      paths,
      memoryMib: options.memoryMib ?? MEMORY_MIB,
      vfLinks,
      uplinkLink,
      reachesOuterMachine: options.reachesOuterMachine ?? false,
      kernelArguments: await readBootLoaderArguments(paths.stateDirectory),
    });
  const power = switchOn({ readArguments, qmpSocket: paths.qmpSocket });
  const host = createLabHost({ topology, paths, power, report: options.report ?? (() => {}) });
  try {
    await host.waitUntilReady();
    return host;
  } catch (error) {
    await host.stop();
    throw error;
  }
}

async function prepareDirectories(
  topology: Topology,
  options: LabHostOptions,
): Promise<LabHostPaths> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), "switchyard-lab-")));
  const paths: LabHostPaths = {
    directory,
    serialLog: join(directory, "serial.log"),
    qmpSocket: join(directory, "qmp.sock"),
    agentSocket: join(directory, "qga.sock"),
    relaySocket: join(directory, "relay.sock"),
    disk: join(directory, "disk.img"),
    configDirectory: join(directory, "config"),
    payloadDirectory: options.payloadDirectory ?? join(directory, "payload"),
    stateDirectory: join(directory, "state"),
  };
  await rm(paths.configDirectory, { recursive: true, force: true });
  for (const folder of [paths.payloadDirectory, paths.stateDirectory]) {
    await mkdir(folder, { recursive: true });
  }
  await (await open(paths.disk, "a")).close();
  await truncate(paths.disk, DISK_BYTES);
  await cp(join(import.meta.dirname, "host-files"), paths.configDirectory, {
    recursive: true,
  });
  const programs = join(paths.configDirectory, "usr/sbin");
  await mkdir(programs, { recursive: true });
  for (const name of BUSYBOX_PROGRAMS) await symlink("/bin/busybox", join(programs, name));
  const netdevs = listNetdevs(topology).map(({ mac, netdev }) => `${mac} ${netdev}\n`);
  for (const [file, text] of [
    ["etc/hostname", `${topology.name}\n`],
    ["etc/hosts", `127.0.0.1 localhost\n127.0.1.1 ${topology.name}\n10.0.2.2 outer\n`],
    ["etc/switchyard-lab/netdevs", netdevs.join("")],
    [NIC_PROFILE.slice(1), formatYaml(describeNic(topology, options.vdpaMacs ?? "fixed"))],
    ...(topology.sriovPf === undefined
      ? []
      : [
          [
            "etc/switchyard/nic-profiles/sriov.yaml",
            sriovNic(topology.name, topology.sriovPf),
          ] as const,
        ]),
  ] as const) {
    const path = join(paths.configDirectory, file);
    await mkdir(join(path, ".."), { recursive: true });
    await writeFile(path, text);
  }
  return paths;
}

const sriovNic = (name: string, pf: LabNetdev): string => formatYaml(describeSriovNic(name, pf));

interface LabHostParts {
  readonly topology: Topology;
  readonly paths: LabHostPaths;
  readonly power: Power;
  readonly report: Report;
}

function createLabHost({ topology, paths, power, report }: LabHostParts): LabHost {
  const powerOn = performance.now();
  const agent = createGuestAgent(paths.agentSocket);
  const { hasEnded } = power;

  const readSerialTail = async (lines = SERIAL_TAIL_LINES) => {
    const text = await readFile(paths.serialLog, "utf8").catch(() => "");
    return text.trimEnd().split("\n").slice(-lines).join("\n");
  };
  const fail = async (what: string, cause?: unknown): Promise<never> => {
    const tail = await readSerialTail();
    throw new LabHostError(`${topology.name}: ${what}\nIts console ends:\n${tail}`, { cause });
  };

  const run = async (argv: readonly string[], options: RunOptions = {}) => {
    if (hasEnded()) return fail("its QEMU has ended");
    const { result, timedOut } = await runInside(agent, argv, options).catch((error: unknown) =>
      fail(`could not run ${argv.join(" ")}`, error),
    );
    if (timedOut) return fail(`${argv.join(" ")}: timed out\n${result.stderr}`);
    return result;
  };
  const output = async (argv: readonly string[], options: RunOptions = {}) => {
    const { exitCode, stdout, stderr } = await run(argv, options);
    if (exitCode !== 0) {
      throw new LabHostError(`${topology.name}: ${argv.join(" ")}: exit ${exitCode}: ${stderr}`);
    }
    return stdout;
  };
  const readBootId = async () =>
    (await output(["cat", "/proc/sys/kernel/random/boot_id"], { timeoutMs: 10_000 })).trim();

  const watch = watchBoots({
    name: topology.name,
    ...{ power, readSerialTail, report },
    isReady: (previousBootId) => isReady(agent, previousBootId),
  });
  const stop = async () => {
    await Promise.all([watch.stop(), power.off()]);
    agent.close();
  };
  return {
    topology,
    paths,
    run,
    output,
    spawn: (argv, options) => spawnInside({ run, output }, paths, { argv, ...options }),
    readFile: (path) => output(["cat", path]),
    writeFile: async (path, text) => {
      await output(["tee", path], { stdin: text });
    },
    readBootId,
    powerCycle: power.cycle,
    waitUntilReady: async (previousBootId) => {
      await watch
        .waitUntilReady(previousBootId)
        .catch((error: unknown) => fail(describeError(error), error));
    },
    readSerialTail,
    uptimeSeconds: () => (performance.now() - powerOn) / 1000,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function isReady(agent: GuestAgent, previousBootId?: string): Promise<boolean> {
  const argv = ["cat", "/run/switchyard-lab-ready", "/proc/sys/kernel/random/boot_id"];
  const found = await agent.exec({ argv, timeoutMs: 10_000 }).catch(() => undefined);
  return found?.exitCode === 0 && found.stdout.trim() !== previousBootId;
}

/** Runs under coreutils' timeout, so that what takes too long is also ended where it runs. */
async function runInside(
  agent: GuestAgent,
  argv: readonly string[],
  { timeoutMs = RUN_TIMEOUT_MS, stdin, environment = {} }: RunOptions,
): Promise<{ readonly result: CommandResult; readonly timedOut: boolean }> {
  const seconds = (timeoutMs / 1000).toFixed(3);
  const settings = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const result = await agent.exec({
    argv: ["env", ...settings, "timeout", "--kill-after=2", seconds, ...argv],
    timeoutMs: timeoutMs + 10_000,
    ...(stdin !== undefined && { stdin }),
  });
  return { result, timedOut: TIMED_OUT_CODES.includes(result.exitCode) };
}

type Runner = Pick<LabHost, "run" | "output">;

async function spawnInside(
  { run, output }: Runner,
  paths: LabHostPaths,
  { argv, log, environment }: SpawnOptions & { readonly argv: readonly string[] },
): Promise<LabProcess> {
  const spawned = await output(
    ["/usr/lib/switchyard-lab/spawn", join(STATE_MOUNT, log), ...argv],
    environment === undefined ? {} : { environment },
  );
  const pid = Number.parseInt(spawned, 10);
  const isRunning = async () => (await run(["kill", "-0", String(pid)])).exitCode === 0;
  const stop = async (graceMs = 10_000) => {
    await run(["kill", "-TERM", String(pid)]);
    const deadline = performance.now() + graceMs;
    while (await isRunning()) {
      if (performance.now() > deadline) {
        await run(["kill", "-KILL", String(pid)]);
        return;
      }
      await sleep(STOP_PROBE_INTERVAL_MS);
    }
  };
  return { pid, logFile: join(paths.stateDirectory, log), isRunning, stop };
}
