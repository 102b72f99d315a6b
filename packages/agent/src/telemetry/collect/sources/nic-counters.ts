import { readEthtoolStats } from "@switchyard/host";
import type { MetricName } from "@switchyard/model";
import type { Source } from "../source.ts";
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
      const stalled = counters?.get(STALLED_WRITES);
      pass.add("nic.pcie.stalled_writes", pciAddress, stalled && stalled / 100);
    }
  },
});
