import { findRdmaCounters } from "@switchyard/host";
import type { Source } from "../source.ts";
import { pfsOf } from "./netdevs.ts";

/** `rx_write_requests` → `write`. */
const operationOf = (counter: string): string => counter.split("_")[1] ?? counter;

/** RDMA of the host's own ports; that of VFs' is their VMs'. */
export const rdmaSource = (): Source => ({
  name: "RDMA counters",
  rate: "10s",
  read: async (pass) => {
    for (const { pciAddress } of pfsOf(pass.inventory)) {
      const counters = await pass.attempt(() => findRdmaCounters(pass.host, pciAddress));
      if (counters === undefined) continue;
      for (const [counter, value] of counters.requests) {
        pass.add("nic.rdma.requests", `${pciAddress}/${operationOf(counter)}`, value);
      }
      for (const [event, value] of counters.errors) {
        pass.add("nic.rdma.errors", `${pciAddress}/${event}`, value);
      }
      for (const [event, value] of counters.congestion) {
        pass.add("nic.rdma.congestion_packets", `${pciAddress}/${event}`, value);
      }
    }
  },
});
