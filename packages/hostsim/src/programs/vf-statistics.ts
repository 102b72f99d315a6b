import type { Machine, Vf } from "../machine/machine.ts";
import { type Counters, findRepresentor } from "../machine/netdev.ts";

/** What the card counted for a VF, as the VF sees it: the other way round than its representor. */
function vfCounters(machine: Machine, vf: Vf): Counters {
  const representor = findRepresentor(machine, vf);
  if (representor === undefined) return vf.counters;
  const { rxBytes, rxPackets, txBytes, txPackets } = representor.vport;
  return { rxBytes: txBytes, rxPackets: txPackets, txBytes: rxBytes, txPackets: rxPackets };
}

/** Of a VF in `ip -s link show` of its PF. @see iproute2/iproute2 ip/ipaddress.c, print_vf_stats64 */
export function vfStatistics(machine: Machine, vf: Vf): Readonly<Record<string, unknown>> {
  const { rxBytes, rxPackets, txBytes, txPackets } = vfCounters(machine, vf);
  return {
    stats: {
      rx: { bytes: rxBytes, packets: rxPackets, multicast: 0, broadcast: 0, dropped: 0 },
      tx: { tx_bytes: txBytes, tx_packets: txPackets, dropped: 0 },
    },
  };
}
