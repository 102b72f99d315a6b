import {
  type FirmwareVersion,
  type Psid,
  parseFirmwareVersion,
  parsePsid,
} from "@switchyard/model";

export interface RdmaDevice {
  /** `mlx5_0`. */
  readonly name: string;
  readonly firmware: FirmwareVersion | undefined;
  /** The card's PSID, which verbs call its board id. */
  readonly psid: Psid | undefined;
}

const field = (text: string, name: string): string | undefined =>
  new RegExp(`^\\s+${name}:\\s+(\\S+)`, "m").exec(text)?.[1];

/**
 * Devices of `ibv_devinfo` in its order.
 *
 * @throws InvalidInputError PSID_MALFORMED, FIRMWARE_VERSION_MALFORMED
 * @see linux-rdma/rdma-core libibverbs/examples/devinfo.c
 */
export const parseIbvDevinfo = (text: string): readonly RdmaDevice[] =>
  text
    .split(/^hca_id:\s*/m)
    .slice(1)
    .map((section) => {
      const firmware = field(section, "fw_ver");
      const psid = field(section, "board_id");
      return {
        name: section.split(/\s/, 1)[0] ?? "",
        firmware: firmware === undefined ? undefined : parseFirmwareVersion(firmware),
        psid: psid === undefined ? undefined : parsePsid(psid),
      };
    });
