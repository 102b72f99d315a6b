import type { Machine, Pf, Vf } from "../machine/machine.ts";
import { Refusal } from "../machine/refusal.ts";
import {
  devices,
  findDevice,
  handleOf,
  type Keyed,
  requireHandle,
  SyntaxFailure,
  uplinkHandle,
  vfPortHandle,
  virtualPortHandle,
} from "./devlink-devices.ts";

/*
 * devlink-health(8). Reporters, words and shapes: torvalds/linux Documentation/networking/devlink/mlx5.rst;
 * drivers/net/ethernet/mellanox/mlx5/core/health.c, diag/reporter_vnic.c, en/reporter_tx.c, en/reporter_rx.c,
 * en/health.c, en_rep.c (a representor's vnic).
 */

type Diagnose = () => Keyed;
/** Reporters of one device or port, by name. */
type Reporters = Readonly<Record<string, Diagnose>>;

/** Words of mlx5 for syndromes of the firmware; others are `unrecognized error`. */
const SYNDROMES: Readonly<Record<number, string>> = {
  1: "firmware internal error",
  7: "irisc not responding",
  8: "unrecoverable hardware error",
  9: "firmware CRC error",
  16: "High temperature",
};

function firmware({ spec }: Machine): Keyed {
  const { firmwareSyndrome: syndrome } = spec.cardFaults;
  if (syndrome === 0) return { Syndrome: 0 };
  return { Syndrome: syndrome, Description: SYNDROMES[syndrome] ?? "unrecognized error" };
}

const NO_EVENTS = [
  ...["send_queue_priority_update_flow", "comp_eq_overrun", "async_eq_overrun", "cq_overrun"],
  ...["invalid_command", "quota_exceeded_command", "nic_receive_steering_discard"],
  ...["generated_pkt_steering_fail", "handled_pkt_steering_fail"],
];

/** `vNIC env counters` of a function: of what the model does, nothing goes wrong but the faults it was made with. */
const vnic = (errorQueueCount: number): Keyed => ({
  "vNIC env counters": {
    total_error_queues: errorQueueCount,
    ...Object.fromEntries(NO_EVENTS.map((event) => [event, 0])),
  },
});

const vfErrorQueues = ({ spec, boot }: Machine, vf: Vf): number =>
  vf.pf === boot.pfs[0]?.pciAddress ? (spec.cardFaults.vfErrorQueues[vf.index] ?? 0) : 0;

/** `ethtool -L`, combined. */
const CHANNELS = 8;
const RING = 1024;
const READY = 1;
const ERROR = 3;
const OVERRUN = 9;
const COUNTER_BITS = 0xffff;

const completionQueue = (number: number, consumed: number, status = 0): Keyed => ({
  cqn: number,
  "HW status": status,
  ci: consumed & COUNTER_BITS,
  size: RING,
});
const eventQueue = (channel: number): Keyed => ({
  ...{ eqn: 7 + channel, irqn: 32 + channel, vecidx: channel, ci: 0, size: 2048 },
});

const common = (name: string, queue: Keyed): Keyed => ({
  [name]: { ...queue, ts_format: "FRC", CQ: { "stride size": 64, size: RING } },
});

/** The model sends all packets of a port by its first queue. */
function sendQueue(machine: Machine, pf: Pf, channel: number): Keyed {
  const isFailed =
    pf === machine.boot.pfs[0] && channel < machine.spec.cardFaults.failedSendQueueCount;
  const sent = channel === 0 ? (machine.boot.netdevs.get(pf.netdev)?.own.txPackets ?? 0) : 0;
  return {
    ...{ "channel ix": channel, tc: 0, "txq ix": channel, sqn: 4170 + 4 * channel },
    ...{ "HW state": isFailed ? ERROR : READY, stopped: isFailed },
    ...{ cc: sent & COUNTER_BITS, pc: (sent + (isFailed ? RING - 1 : 0)) & COUNTER_BITS },
    "SW State": { enabled: isFailed ? 0 : 1, mpwqe: 1, recovering: isFailed ? 1 : 0 },
    CQ: completionQueue(1030 + 4 * channel, sent, isFailed ? OVERRUN : 0),
    EQ: eventQueue(channel),
  };
}

const receiveQueue = (channel: number): Keyed => ({
  ...{ "channel ix": channel, rqn: 4308 + 4 * channel, "HW state": READY },
  ...{ "WQE counter": 7, "posted WQEs": 7, cc: 7 },
  "SW State": { enabled: 1, recovering: 0 },
  CQ: completionQueue(1032 + 4 * channel, 0),
  EQ: eventQueue(channel),
});

const channels = Array.from({ length: CHANNELS }, (_, channel) => channel);
const isUp = (machine: Machine, pf: Pf): boolean =>
  machine.boot.netdevs.get(pf.netdev)?.isUp === true;

/** Nothing while the netdev is down: it has no queues then. */
const queueReporters = (machine: Machine, pf: Pf): Reporters => ({
  tx: () =>
    isUp(machine, pf)
      ? {
          "Common Config": common("SQ", { "stride size": 64, size: RING }),
          SQs: channels.map((channel) => sendQueue(machine, pf, channel)),
        }
      : {},
  rx: () =>
    isUp(machine, pf)
      ? {
          "Common config": common("RQ", { type: 2, "stride size": 2048, size: 8 }),
          RQs: channels.map(receiveQueue),
        }
      : {},
});

/** Every reporter there is, by what it watches, in the order in which devlink tells them. */
function reporters(machine: Machine): ReadonlyMap<string, Reporters> {
  const all = new Map<string, Reporters>();
  const ofFirmware = { fw: () => firmware(machine), fw_fatal: () => refuse() };
  for (const pf of machine.boot.pfs) {
    all.set(handleOf(pf), { ...ofFirmware, vnic: () => vnic(0) });
    all.set(uplinkHandle(pf), queueReporters(machine, pf));
    if (pf.mode !== "switchdev") continue;
    for (const vf of pf.vfs) {
      all.set(vfPortHandle(pf, vf), { vnic: () => vnic(vfErrorQueues(machine, vf)) });
    }
  }
  for (const vf of devices(machine)) {
    if ("vfs" in vf) continue;
    all.set(handleOf(vf), { ...ofFirmware, vnic: () => vnic(vfErrorQueues(machine, vf)) });
    // A VF's own netdev is not looked into: the model gives it no queues.
    all.set(virtualPortHandle(vf), { tx: () => ({}), rx: () => ({}) });
  }
  return all;
}

/** fw_fatal has nothing to tell but dumps. */
const refuse = (): never => {
  throw new Refusal("EOPNOTSUPP");
};

/** `devlink health show`: all are well, since the model's driver recovers from all that it sees. */
export const healthReporters = (machine: Machine): Record<string, Keyed> =>
  Object.fromEntries(
    [...reporters(machine)].map(([watched, own]) => [
      watched,
      Object.keys(own).map((reporter) => ({ reporter, state: "healthy", error: 0, recover: 0 })),
    ]),
  ) as unknown as Record<string, Keyed>;

/** Not a device of its own: with a port's index. */
const deviceOf = (handle: string): string => handle.split("/").slice(0, 2).join("/");

/**
 * `devlink health diagnose HANDLE reporter NAME`.
 *
 * @throws SyntaxFailure; Refusal ENODEV, EINVAL (no such reporter), EOPNOTSUPP (it can't diagnose)
 */
export function diagnose(machine: Machine, words: readonly string[]): Keyed {
  const [handle = "", key, name] = words;
  const device = requireHandle(deviceOf(handle));
  findDevice(machine, device);
  if (key !== "reporter" || name === undefined) {
    throw new SyntaxFailure("Reporter's name is expected.");
  }
  const found = reporters(machine).get(handle)?.[name];
  if (found === undefined) throw new Refusal("EINVAL");
  return found();
}
