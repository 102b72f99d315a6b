import { findPf, type Machine } from "../machine/machine.ts";
import { type RdmaDevice, rdmaDevices } from "../machine/rdma.ts";
import { attribute, folder, link, type Node } from "./node.ts";
import { devicePath } from "./sys-pci.ts";

/** Counters of a ConnectX-6 Dx, in the kernel's order. @see torvalds/linux drivers/infiniband/hw/mlx5/counters.c */
const COUNTERS: readonly string[] = [
  ...["rx_write_requests", "rx_read_requests", "rx_atomic_requests", "rx_dct_connect"],
  ...["out_of_buffer", "out_of_sequence", "duplicate_request", "rnr_nak_retry_err"],
  ...["packet_seq_err", "implied_nak_seq_err", "local_ack_timeout_err"],
  ...["resp_local_length_error", "resp_cqe_error", "req_cqe_error"],
  ...["req_remote_invalid_request", "req_remote_access_errors", "resp_remote_access_errors"],
  ...["resp_cqe_flush_error", "req_cqe_flush_error"],
  ...["roce_adp_retrans", "roce_adp_retrans_to", "roce_slow_restart"],
  ...["roce_slow_restart_cnps", "roce_slow_restart_trans"],
  ...["rp_cnp_ignored", "rp_cnp_handled", "np_ecn_marked_roce_packets", "np_cnp_sent"],
  "rx_icrc_encapsulated",
];

/** Nothing in the model speaks RDMA. `lifespan` is how long the kernel keeps what it read, milliseconds. */
const hwCounters = (): Node =>
  folder(() => ({
    lifespan: attribute(() => 10),
    ...Object.fromEntries(COUNTERS.map((name) => [name, attribute(() => 0)])),
  }));

/** In switchdev mode mlx5_ib keeps a PF's counters with the device, else with its port. */
const isOfDevice = (machine: Machine, { pciAddress }: RdmaDevice): boolean =>
  findPf(machine, pciAddress)?.mode === "switchdev";

function deviceFolder(machine: Machine, device: RdmaDevice): Node {
  const ofDevice = isOfDevice(machine, device);
  const port = () => folder(() => (ofDevice ? {} : { hw_counters: hwCounters }));
  return folder(() => ({
    board_id: attribute(() => machine.spec.card.psid),
    device: link(devicePath(device.pciAddress)),
    fw_ver: attribute(() => machine.firmware.running),
    ...(ofDevice && { hw_counters: hwCounters }),
    ports: () => folder(() => ({ "1": port })),
  }));
}

/** `/sys/class/infiniband`. */
export const classInfiniband = (machine: Machine): Node =>
  folder(() =>
    Object.fromEntries(
      rdmaDevices(machine).map((device) => [device.name, () => deviceFolder(machine, device)]),
    ),
  );
