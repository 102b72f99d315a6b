import { type Ipv4Address, ipv4ToNumber, parseIpv4Address } from "@switchyard/model";
import { seededRandom } from "@switchyard/runtime";
import { ownerOf } from "../guest/listeners.ts";
import type { Machine } from "../machine/machine.ts";
import { stacksWithMac } from "./forwarding.ts";
import {
  chatter,
  type Delivery,
  echo,
  hasAddress,
  type IpStack,
  resolve,
  sourceFor,
} from "./ip-stack.ts";
import { type Plug, type RoutedPath, roundTripMs } from "./network-rate.ts";

export interface PingOptions {
  readonly target: string;
  readonly count: number;
  /** Data of each echo; undefined: 56, as ping sends. */
  readonly dataBytes?: number;
}

export interface PingOutput {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** ICMP header, and with it the IP header. */
const ICMP_BYTES = 8;
const HEADERS_BYTES = 28;
const DATA_BYTES_DEFAULT = 56;
/** Most that an IP packet carries of data. */
const DATA_BYTES_MAX = 65_507;

/** Echo requests of one ping at most; more would be a mistake of the caller. */
const COUNT_MAX = 10_000;

/** Lets those with a MAC address that are not meant speak, from which bridges learn the wrong place. */
function letOthersSpeak(machine: Machine, mac: string, isMeant: (stack: IpStack) => boolean): void {
  const local = stacksWithMac(machine, mac);
  const others = new Set([...local, ...(machine.wire?.stacksWithMac(mac) ?? [])]);
  for (const stack of others) if (!isMeant(stack)) chatter(stack);
}

const isAmbiguous = (machine: Machine, mac: string): boolean =>
  new Set([...stacksWithMac(machine, mac), ...(machine.wire?.stacksWithMac(mac) ?? [])]).size > 1;

/** How the ends are plugged in; what is in no guest is the host's own, by its bridge. */
function plugsOf({ machine, stack }: World, mac: string, target: string): RoutedPath["plugs"] {
  const known = [...stacksWithMac(machine, mac), ...(machine.wire?.stacksWithMac(mac) ?? [])];
  const peer = known.find((each) => hasAddress(each, target));
  const plugOf = (end: IpStack | undefined): Plug => {
    const nic = end && ownerOf(end)?.guest.nics.find((each) => each.stack === end);
    return nic?.vf === undefined ? "vdpa" : "vf";
  };
  return [plugOf(stack), plugOf(peer)];
}

/** The same sequence numbers to the same target take the same time. */
function drawFor(sequence: number, target: string): () => number {
  const { float } = seededRandom(ipv4ToNumber(target as Ipv4Address) + sequence);
  return float;
}

function report(options: PingOptions, times: readonly number[], errors: readonly string[]): string {
  const { target, count } = options;
  const lost = Math.round((100 * (count - times.length)) / count);
  const errorCount = errors.length > 0 ? `+${errors.length} errors, ` : "";
  const elapsed = (count - 1) * 1000 + Math.floor(times.length / 2);
  const sum = times.reduce((total, time) => total + time, 0);
  const average = sum / times.length;
  const deviation = Math.sqrt(
    times.reduce((total, time) => total + (time - average) ** 2, 0) / times.length,
  );
  const figures = [Math.min(...times), average, Math.max(...times), deviation]
    .map((value) => value.toFixed(3))
    .join("/");
  return [
    "",
    `--- ${target} ping statistics ---`,
    `${count} packets transmitted, ${times.length} received, ${errorCount}${lost}% packet loss, time ${elapsed}ms`,
    ...(times.length > 0 ? [`rtt min/avg/max/mdev = ${figures} ms`] : [""]),
    "",
  ].join("\n");
}

interface World {
  readonly machine: Machine;
  readonly stack: IpStack;
}

function pingOnce(
  world: World,
  options: {
    readonly target: string;
    readonly mac: string;
    readonly sequence: number;
    readonly packetBytes: number;
  },
): Delivery {
  const { stack, machine } = world;
  const { target, mac, sequence } = options;
  // With one MAC address in two places, now this owner is heard last and now that one: it flaps.
  const isOdd = sequence % 2 === 1;
  if (isAmbiguous(machine, mac)) {
    letOthersSpeak(machine, mac, (other) => hasAddress(other, target) === isOdd);
  }
  return echo(stack, options, () => {
    if (isOdd) letOthersSpeak(machine, stack.mac, (other) => other === stack);
  });
}

/**
 * Pings from one interface and prints what iputils prints.
 *
 * @returns exit code 0 with a reply, 1 without, 2 when nothing could be sent
 */
export async function ping(world: World, options: PingOptions): Promise<PingOutput> {
  const { stack, machine } = world;
  const count = Math.min(options.count, COUNT_MAX);
  const { target } = options;
  const intervalMs = machine.spec.pingIntervalMs;
  const source = sourceFor(stack, target);
  if (source === undefined || !stack.isUp()) {
    return { exitCode: 2, stdout: "", stderr: "ping: connect: Network is unreachable\n" };
  }
  const dataBytes = options.dataBytes ?? DATA_BYTES_DEFAULT;
  const packetBytes = dataBytes + HEADERS_BYTES;
  const lines = [`PING ${target} (${target}) ${dataBytes}(${packetBytes}) bytes of data.`];
  const times: number[] = [];
  const errors: string[] = [];
  const isSelf = hasAddress(stack, target);
  const mac = isSelf ? stack.mac : resolve(stack, target);
  stack.answered.clear();
  for (let sequence = 1; sequence <= count; sequence += 1) {
    if (sequence > 1 && intervalMs > 0) await machine.clock.sleep(intervalMs);
    if (mac === undefined) {
      errors.push(`From ${source} icmp_seq=${sequence} Destination Host Unreachable`);
      continue;
    }
    const seen = isSelf
      ? { isThere: true, softwareOf: new Set() }
      : pingOnce(world, { target, mac, sequence, packetBytes });
    if (seen.isThere) {
      const path = { softwareCount: seen.softwareOf.size, plugs: plugsOf(world, mac, target) };
      const time = roundTripMs(path, drawFor(sequence, target));
      times.push(time);
      lines.push(
        `${dataBytes + ICMP_BYTES} bytes from ${target}: icmp_seq=${sequence} ttl=64 time=${time.toFixed(3)} ms`,
      );
    }
  }
  const stdout = [...lines, ...errors, report({ target, count }, times, errors)].join("\n");
  return { exitCode: times.length > 0 ? 0 : 1, stdout, stderr: "" };
}

/** Reads ping's arguments: `-c N`, `-s BYTES`, `-W S`, `-i S`, `-I IF`, `-q`, `-n` in any order. */
export function parsePing(
  args: readonly string[],
): (PingOptions & { readonly netdev: string | undefined }) | { readonly error: string } {
  const values: Record<string, string> = {};
  let target: string | undefined;
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] as string; // at < args.length
    const option = /^-([cWiIswt])(.*)$/.exec(word);
    if (option !== null) {
      const attached = option[2] as string; // the group matched, possibly empty
      values[option[1] as string] = attached === "" ? (args[++at] ?? "") : attached;
    } else if (!word.startsWith("-")) target = word;
  }
  if (target === undefined) return { error: "ping: usage error: Destination address required\n" };
  try {
    parseIpv4Address(target);
  } catch {
    return { error: `ping: ${target}: Name or service not known\n` };
  }
  const count = values["c"] === undefined ? 1 : Number(values["c"]);
  if (!(count >= 1)) return { error: `ping: invalid argument: '${values["c"]}'\n` };
  const dataBytes = Number(values["s"] ?? DATA_BYTES_DEFAULT);
  if (!(dataBytes >= 0 && dataBytes <= DATA_BYTES_MAX)) {
    return { error: `ping: invalid argument: '${values["s"]}'\n` };
  }
  return { target, count, dataBytes, netdev: values["I"] };
}
