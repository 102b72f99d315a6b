import { stacksWithMac } from "../l2/forwarding.ts";
import { hasAddress, type IpStack, resolve, sendSegments, sourceFor } from "../l2/ip-stack.ts";
import { type Plug, payloadBytes, type RoutedPath, rateOf } from "../l2/network-rate.ts";
import type { Guest, GuestExecResult, GuestNic } from "../machine/guest.ts";
import { findVf, type Machine } from "../machine/machine.ts";
import { iperf3Error, iperf3Report } from "./iperf3-report.ts";
import { type Listener, ownerOf } from "./listeners.ts";

const done = (stdout: string): GuestExecResult => ({ exitCode: 0, stdout, stderr: "" });

const SECOND_MS = 1000;
const BITS = 8;
/** CPU time of a guest, at either end, for a Gbit that it moves: copying, and its half of TCP. */
const GUEST_SECONDS_PER_GBIT = 0.035;

interface Options {
  readonly isServer: boolean;
  readonly target: string;
  readonly port: number;
  readonly durationSeconds: number;
  readonly streamCount: number;
  readonly intervalSeconds: number;
}

/** `-s`, `-c ADDRESS`, `-p PORT`, `-t S`, `-P N`, `-i S`; `-1` and `-J` are taken for granted. */
function parseOptions(args: readonly string[]): Options {
  const wordAfter = (option: string): string | undefined =>
    args.includes(option) ? args[args.indexOf(option) + 1] : undefined;
  return {
    isServer: args.includes("-s"),
    target: wordAfter("-c") ?? "",
    port: Number(wordAfter("-p") ?? 5201),
    durationSeconds: Number(wordAfter("-t") ?? 10),
    streamCount: Number(wordAfter("-P") ?? 1),
    intervalSeconds: Number(wordAfter("-i") ?? 1),
  };
}

/** Figures of seconds, added up to those of the intervals that were asked for. */
function inIntervals(bytes: readonly number[], intervalSeconds: number) {
  const seconds: number[] = [];
  const sums: number[] = [];
  for (let at = 0; at < bytes.length; at += intervalSeconds) {
    const own = bytes.slice(at, at + intervalSeconds);
    seconds.push(own.length);
    sums.push(own.reduce((sum, value) => sum + value, 0));
  }
  return { seconds, bytes: sums };
}

function listen(machine: Machine, guest: Guest, options: Options): Promise<GuestExecResult> {
  const { port, intervalSeconds } = options;
  const [nic] = guest.nics;
  const listeners = nic === undefined ? undefined : ownerOf(nic.stack)?.listeners;
  if (listeners === undefined || listeners.has(port)) {
    const error = "unable to start listener for connections: Address already in use";
    return Promise.resolve({ ...done(iperf3Error(error)), exitCode: 1 });
  }
  return new Promise((resolveRun) => {
    listeners.set(port, {
      onDone: ({ bytes, client, streamCount }) => {
        listeners.delete(port);
        const figures = {
          ...{ port, remote: client, local: "0.0.0.0", streamCount, isSender: false },
          durationSeconds: bytes.length,
          ...inIntervals(bytes, intervalSeconds),
          atSeconds: machine.clock.nowMs() / SECOND_MS,
        };
        resolveRun(done(iperf3Report(figures)));
      },
    });
  });
}

interface Connection {
  readonly stack: IpStack;
  readonly mac: string;
  readonly target: string;
  readonly path: Omit<RoutedPath, "softwareCount">;
  readonly machines: readonly Machine[];
}

const plugOf = ({ vf }: GuestNic): Plug => (vf === undefined ? "vdpa" : "vf");

const nicOf = (guest: Guest, stack: IpStack): GuestNic | undefined =>
  guest.nics.find((nic) => nic.stack === stack);

const MEGABIT = 1e6;

/** What the card lets a VF send; OVS polices in software, which this model leaves out. */
function limitOf(machine: Machine, { vf }: GuestNic): number | undefined {
  const limit = vf === undefined ? 0 : (findVf(machine, vf)?.maxTxMbps ?? 0);
  return limit === 0 ? undefined : limit * MEGABIT;
}

/** The connection, or why there is none, in the program's words. */
function connect(
  machine: Machine,
  guest: Guest,
  { target, port }: Options,
): { readonly connection: Connection; readonly onDone: Listener["onDone"] } | string {
  const nic = guest.nics.find(({ stack }) => sourceFor(stack, target) !== undefined);
  if (nic === undefined || !nic.stack.isUp()) return "Network is unreachable";
  const { stack } = nic;
  const mac = resolve(stack, target);
  if (mac === undefined) return "No route to host";
  const known = [...stacksWithMac(machine, mac), ...(machine.wire?.stacksWithMac(mac) ?? [])];
  const peer = known.find((each) => hasAddress(each, target));
  if (peer === undefined || !sendSegments(stack, { target, mac, copies: 1 }).isThere) {
    return "Connection timed out";
  }
  const owner = ownerOf(peer);
  const listener = owner?.listeners.get(port);
  const peerNic = owner && nicOf(owner.guest, peer);
  if (owner === undefined || listener === undefined || peerNic === undefined) {
    return "Connection refused";
  }
  const limit = limitOf(machine, nic);
  const machines = [machine, owner.machine] as const;
  const path = { plugs: [plugOf(nic), plugOf(peerNic)] as const, machines, mtu: nic.mtu, limit };
  return { connection: { stack, mac, target, path, machines }, onDone: listener.onDone };
}

/** Parts of a second in which traffic moves, so that whoever reads counters meanwhile sees them rise evenly. */
const SLICES = 4;

/** One second of sending; what did not arrive did not go. @returns bytes of payload */
async function sendSecond(
  { stack, mac, target, path, machines }: Connection,
  { clock, random }: Pick<Machine, "clock" | "random">,
): Promise<number> {
  // The first packet of a flow is software's; what carries those after it carries the second.
  sendSegments(stack, { target, mac, copies: 1 });
  const { isThere, softwareOf } = sendSegments(stack, { target, mac, copies: 1 });
  if (!isThere) {
    await clock.sleep(SECOND_MS);
    return 0;
  }
  const rate = rateOf({ ...path, softwareCount: softwareOf.size }, random.float);
  const perPacket = payloadBytes(path.mtu);
  const copies = Math.floor(rate / BITS / perPacket / SLICES);
  for (let slice = 0; slice < SLICES; slice += 1) {
    sendSegments(stack, { target, mac, copies });
    for (const each of machines) {
      each.boot.load.endedSeconds += ((rate / 1e9) * GUEST_SECONDS_PER_GBIT) / SLICES;
    }
    await clock.sleep(SECOND_MS / SLICES);
  }
  return SLICES * copies * perPacket;
}

async function send(machine: Machine, guest: Guest, options: Options): Promise<GuestExecResult> {
  const { port, target, streamCount, durationSeconds, intervalSeconds } = options;
  const found = connect(machine, guest, options);
  if (typeof found === "string") {
    return done(iperf3Error(`unable to connect to server: ${found}`));
  }
  const { connection, onDone } = found;
  const bytes: number[] = [];
  for (let second = 0; second < durationSeconds; second += 1) {
    bytes.push(await sendSecond(connection, machine));
  }
  const local = sourceFor(connection.stack, target) ?? "";
  onDone({ bytes, client: local, streamCount });
  return done(
    iperf3Report({
      ...{ port, remote: target, local, streamCount, durationSeconds, isSender: true },
      ...inIntervals(bytes, intervalSeconds),
      atSeconds: machine.clock.nowMs() / SECOND_MS,
    }),
  );
}

/** iperf3 with -J, of TCP, one run for each server. */
export function iperf3(
  machine: Machine,
  guest: Guest,
  args: readonly string[],
): Promise<GuestExecResult> {
  if (args.includes("--version")) return Promise.resolve(done("iperf 3.12 (cJSON 1.7.15)\n"));
  const options = parseOptions(args);
  return options.isServer ? listen(machine, guest, options) : send(machine, guest, options);
}
