import type { Host } from "../../port/host.ts";
import { arrayOf, numberOf, recordOf } from "../json.ts";
import { runJson } from "../tool.ts";
import { ipLinkStatistics } from "./commands.ts";

/** What the card counted for a VF, as the VF sees it. */
export interface VfCounters {
  readonly index: number;
  readonly rxBytes: number;
  readonly rxPackets: number;
  readonly txBytes: number;
  readonly txPackets: number;
}

/**
 * VFs of a PF that have counted anything. A driver that can't count leaves zeros, as the kernel shows no others
 * then: a VF whose counters are all zero is not known to have sent nothing, and is left out.
 *
 * @see iproute2/iproute2 ip/ipaddress.c, print_vf_stats64: `tx` names its members `tx_bytes` and `tx_packets`
 * @see torvalds/linux net/core/rtnetlink.c, rtnl_fill_vfinfo
 */
export const parseVfCounters = (links: unknown, netdev: string): readonly VfCounters[] =>
  arrayOf(links)
    .map(recordOf)
    .filter((link) => link["ifname"] === netdev)
    .flatMap((link) => arrayOf(link["vfinfo_list"]).map(recordOf))
    .flatMap((info) => {
      const index = numberOf(info["vf"]);
      const { rx, tx } = recordOf(info["stats"]);
      const [received, sent] = [recordOf(rx), recordOf(tx)];
      const counters = {
        rxBytes: numberOf(received["bytes"]),
        rxPackets: numberOf(received["packets"]),
        txBytes: numberOf(sent["tx_bytes"] ?? sent["bytes"]),
        txPackets: numberOf(sent["tx_packets"] ?? sent["packets"]),
      };
      const { rxBytes = 0, rxPackets = 0, txBytes = 0, txPackets = 0 } = counters;
      if (index === undefined || rxPackets + txPackets === 0) return [];
      return [{ index, rxBytes, rxPackets, txBytes, txPackets }];
    });

/**
 * Counters of VFs by their PF: the only ones in legacy mode, where a VF that a VM holds has no netdev.
 *
 * @param netdev of the PF
 * @throws CommandError COMMAND_FAILED (no such netdev), COMMAND_NOT_STARTED, COMMAND_OUTPUT_UNREADABLE
 */
export const listVfCounters = async (host: Host, netdev: string): Promise<readonly VfCounters[]> =>
  parseVfCounters(await runJson(host, ipLinkStatistics(netdev)), netdev);
