import { rdmaDevices } from "../machine/rdma.ts";
import { type Ended, failed, type Invoked, printed } from "./program.ts";

/** `b8ce:f603:00aa:bbcc` */
const guid = (hardwareId: string): string => hardwareId.match(/.{4}/g)?.join(":") ?? hardwareId;

/** ibv_devinfo(1). Layout: linux-rdma/rdma-core libibverbs/examples/devinfo.c */
export function ibvDevinfo({ machine }: Invoked): Ended {
  const devices = rdmaDevices(machine);
  if (devices.length === 0) return failed("No IB devices found", 255);
  const { running } = machine.firmware;
  return printed(
    devices
      .map(({ name, isVf }) =>
        [
          `hca_id:\t${name}`,
          "\ttransport:\t\t\tInfiniBand (0)",
          `\tfw_ver:\t\t\t\t${running}`,
          `\tnode_guid:\t\t\t${guid(machine.spec.hardwareId)}`,
          `\tsys_image_guid:\t\t\t${guid(machine.spec.hardwareId)}`,
          "\tvendor_id:\t\t\t0x02c9",
          `\tvendor_part_id:\t\t\t${isVf ? 4126 : 4125}`,
          "\thw_ver:\t\t\t\t0x0",
          `\tboard_id:\t\t\t${machine.spec.card.psid}`,
          "\tphys_port_cnt:\t\t\t1",
          "\t\tport:\t1",
          "\t\t\tstate:\t\t\tPORT_ACTIVE (4)",
          "\t\t\tlink_layer:\t\tEthernet",
          "",
        ].join("\n"),
      )
      .map((section) => `${section}\n`)
      .join(""),
  );
}
