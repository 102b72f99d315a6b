/** Why the card does not carry a flow. */
export interface OffloadCauseEntry {
  readonly meaning: string;
  /** One thing to try; undefined where nothing is wrong. */
  readonly fix: string | undefined;
}

/**
 * Every cause there is, by its stable name.
 *
 * @see openvswitch/ovs Documentation/howto/tc-offload.rst; torvalds/linux
 *   drivers/net/ethernet/mellanox/mlx5/core/en_tc.c and en/tc/act
 */
export const OFFLOAD_CAUSES = {
  "offload-off": {
    meaning: "hw-offload is off",
    fix: "swy rollout start NAME --profile PROFILE --set hw-offload=true",
  },
  "restart-pending": {
    meaning: "hw-offload was set and Open vSwitch not started anew since",
    fix: "Apply the profile: it restarts Open vSwitch.",
  },
  "own-handling": {
    meaning: "Open vSwitch handles or drops it by itself",
    fix: undefined,
  },
  flood: {
    meaning: "it goes to several ports: broadcast, multicast, or a MAC that nobody has learnt",
    fix: undefined,
  },
  "internal-port": {
    meaning: "it goes to or from the bridge's own port, which is never in hardware",
    fix: undefined,
  },
  "foreign-port": {
    meaning: "it goes to or from a port that is not the card's",
    fix: "Move that port to another bridge: what passes it runs in software.",
  },
  "other-card": {
    meaning: "it goes from one card to another",
    fix: "Keep the ports of a bridge on one card.",
  },
  "both-uplinks": {
    meaning: "it goes from wire to wire, which older firmware can't",
    fix: "Update the firmware, or give each uplink a bridge of its own.",
  },
  hairpin: {
    meaning: "it goes back where it came from",
    fix: undefined,
  },
  "connection-tracking": {
    meaning: "it is tracked as a connection, or passes the tables again",
    fix: "Update Open vSwitch and the driver, or do without connection tracking.",
  },
  "tc-offload-off": {
    meaning: "hw-tc-offload is off on a port that it passes",
    fix: "ethtool -K NETDEV hw-tc-offload on",
  },
  "no-ingress-qdisc": {
    meaning: "the port it comes in by has no ingress qdisc, on which rules hang",
    fix: "nmcli device set NETDEV managed no, then take the port out of the bridge and add it again.",
  },
  "card-refused": {
    meaning: "the card did not take its rule",
    fix: "ovs-appctl vlog/set netdev_offload_tc:dbg tc:dbg, then read ovs-vswitchd.log.",
  },
  "new-flow": {
    meaning: "it is new: first packets always pass the host's CPU",
    fix: undefined,
  },
  unknown: {
    meaning: "nothing that was looked at tells why",
    fix: "ovs-appctl vlog/set netdev_offload_tc:dbg tc:dbg, then read ovs-vswitchd.log.",
  },
} as const satisfies Record<string, OffloadCauseEntry>;

export type OffloadCause = keyof typeof OFFLOAD_CAUSES;

/** @see OFFLOAD_CAUSES */
export const offloadCauseEntry = (cause: OffloadCause): OffloadCauseEntry => OFFLOAD_CAUSES[cause];
