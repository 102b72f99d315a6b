import type { Machine } from "../machine/machine.ts";

/*
 * How fast TCP goes between two guests. A small model, not a measurement: a wire and a PCIe slot give the most there
 * is, each way of plugging in takes its share of that, and software is as fast as the CPU thread that forwards. The
 * shares are chosen so that an R740 with its card in a full slot comes out as the seed procedure reports it: about
 * 80 Gbit/s on VFs, 65 to 75 on vDPA with its flows in the card and now and then 50 to 65, 28 with flows in software.
 */

/** How a guest is plugged in, and who forwards what it sends. */
export type Plug = "vf" | "vdpa";

export interface RoutedPath {
  readonly plugs: readonly [sender: Plug, receiver: Plug];
  readonly machines: readonly [sender: Machine, receiver: Machine];
  /** Machines whose software forwards. */
  readonly softwareCount: number;
  /** Of the sender's NIC. */
  readonly mtu: number;
  /** The least limit that is set on the way, bit/s; undefined: none. */
  readonly limit: number | undefined;
}

/** A ConnectX-6 Dx with two ports of 100GbE. */
const WIRE_BITS_PER_SECOND = 100e9;
/** Beside each packet: IP and TCP headers with a timestamp; Ethernet header, checksum, preamble and gap. */
const PACKET_HEADER_BYTES = 52;
const WIRE_HEADER_BYTES = 38;
/** PCIe 3.0: 8 GT/s a lane, of which encoding and packet headers leave so much. */
const LANE_BITS_PER_SECOND = 8e9 * (128 / 130) * 0.86;
/** What guest, driver and card make of the least of these. */
const SHARE_OF_VF = 0.85;
const SHARE_OF_VDPA = 0.76;
/** Packets that one CPU thread forwards in a second; more threads share one flow hardly. */
const SOFTWARE_PACKETS_PER_SECOND = 2.42e6;
/** Deviation of a second's rate from the mean, as a share of it. */
const NOISE = { vf: 0.012, vdpa: 0.035, software: 0.025 } as const;
/** How often vDPA has a worse second, and what is left in one. */
const DIP = { chance: 0.12, share: 0.82 } as const;

export const payloadBytes = (mtu: number): number => mtu - PACKET_HEADER_BYTES;

/** What the wire carries of data, given that each packet has its headers. */
const goodput = (mtu: number): number =>
  WIRE_BITS_PER_SECOND * (payloadBytes(mtu) / (mtu + WIRE_HEADER_BYTES));

const slot = ({ spec }: Machine): number => spec.card.lanes * LANE_BITS_PER_SECOND;

/** Near to normal with deviation 1: twelve draws, less their mean. */
const normal = (draw: () => number): number =>
  Array.from({ length: 12 }, draw).reduce((sum, value) => sum + value, -6);

/**
 * Rate of one second, in bits of payload.
 *
 * @param draw uniform in [0, 1); the same draws give the same rates
 */
export function rateOf(path: RoutedPath, draw: () => number): number {
  const { plugs, machines, softwareCount, mtu, limit } = path;
  const line = Math.min(goodput(mtu), ...machines.map(slot));
  const isVdpa = plugs.includes("vdpa");
  const kind = softwareCount > 0 ? "software" : isVdpa ? "vdpa" : "vf";
  const software = SOFTWARE_PACKETS_PER_SECOND * payloadBytes(mtu) * 8;
  const mean = {
    vf: line * SHARE_OF_VF,
    vdpa: line * SHARE_OF_VDPA,
    software: Math.min(line * SHARE_OF_VDPA, software),
  }[kind];
  const dip = kind === "vdpa" && draw() < DIP.chance ? DIP.share : 1;
  const rate = mean * dip * Math.max(0.1, 1 + NOISE[kind] * normal(draw));
  return Math.min(rate, line, limit ?? Number.POSITIVE_INFINITY);
}

/** Round trip of a small packet, milliseconds: each plug and each software adds to it. */
export function roundTripMs(
  path: Pick<RoutedPath, "softwareCount" | "plugs">,
  draw: () => number,
): number {
  const vdpas = path.plugs.filter((plug) => plug === "vdpa").length;
  const mean = 0.024 + 0.003 * vdpas + 0.018 * path.softwareCount;
  // A long tail to one side, as queues have it.
  return mean * (1 + 0.15 * -Math.log(1 - draw() * 0.999));
}
