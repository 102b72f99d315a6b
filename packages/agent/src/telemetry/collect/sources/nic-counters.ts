import { readEthtoolStats } from "@switchyard/host";
import type { MetricName } from "@switchyard/model";
import type { Pass, Source } from "../source.ts";
import { pfsOf } from "./netdevs.ts";

/**
 * Metric of each counter that the driver has of a port and its PF.
 *
 * @see torvalds/linux Documentation/networking/device_drivers/ethernet/mellanox/mlx5/counters.rst
 */
const PF_METRICS = {
  rx_bytes_phy: "nic.physical.rx_bytes",
  tx_bytes_phy: "nic.physical.tx_bytes",
  rx_packets_phy: "nic.physical.rx_packets",
  tx_packets_phy: "nic.physical.tx_packets",
  rx_crc_errors_phy: "nic.physical.crc_errors",
  rx_symbol_err_phy: "nic.physical.symbol_errors",
  link_down_events_phy: "nic.physical.link_down_events",
  rx_out_of_buffer: "nic.uplink.rx_out_of_buffer",
  rx_steer_missed_packets: "nic.uplink.rx_steer_missed",
  outbound_pci_buffer_overflow: "nic.pcie.buffer_overflows",
} as const satisfies Record<string, MetricName>;

/** The same where the object has a direction. */
const DIRECTION_METRICS = [
  ["rx_discards_phy", "nic.physical.discards", "receive"],
  ["tx_discards_phy", "nic.physical.discards", "transmit"],
  ["rx_pause_ctrl_phy", "nic.physical.pause_frames", "receive"],
  ["tx_pause_ctrl_phy", "nic.physical.pause_frames", "transmit"],
] as const;

/**
 * Counters of the PF's own port of the e-switch, added up for each metric: the card counts by how many they are for.
 * Absent with all of them where the driver has none.
 *
 * @see torvalds/linux drivers/net/ethernet/mellanox/mlx5/core/en_stats.c, vport_stats_desc
 */
const addOwnPort = (pass: Pass, pf: string, counters: ReadonlyMap<string, number>): void => {
  for (const direction of ["rx", "tx"] as const) {
    for (const unit of ["bytes", "packets"] as const) {
      const sum = (...casts: readonly string[]) => {
        const known = casts.flatMap(
          (cast) => counters.get(`${direction}_vport_${cast}_${unit}`) ?? [],
        );
        return known.length === 0 ? undefined : known.reduce((total, value) => total + value, 0);
      };
      pass.add(`nic.pf.${direction}_${unit}`, pf, sum("unicast", "multicast", "broadcast"));
      const rdma = sum("rdma_unicast", "rdma_multicast");
      pass.add(`nic.pf.${direction}_rdma_${unit}`, pf, rdma);
    }
  }
};

/** In percent of the last second. */
const STALLED_WRITES = "outbound_pci_stalled_wr";

/** True totals of the wire, with traffic of VFs and offloaded flows. */
export const physicalSource = (): Source => ({
  name: "physical counters",
  rate: "1s",
  read: async (pass) => {
    for (const { pciAddress, link } of pfsOf(pass.inventory)) {
      const counters = await pass.attempt(() => readEthtoolStats(pass.host, link.netdev));
      for (const [counter, metric] of Object.entries(PF_METRICS)) {
        pass.add(metric, pciAddress, counters?.get(counter));
      }
      for (const [counter, metric, direction] of DIRECTION_METRICS) {
        pass.add(metric, `${pciAddress}/${direction}`, counters?.get(counter));
      }
      if (counters !== undefined) addOwnPort(pass, pciAddress, counters);
      const stalled = counters?.get(STALLED_WRITES);
      pass.add("nic.pcie.stalled_writes", pciAddress, stalled && stalled / 100);
    }
  },
});
