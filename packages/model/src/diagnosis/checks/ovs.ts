import type { CheckEntry } from "../check-entry.ts";

/** Open vSwitch and its hardware offload. */
export const OVS_CHECKS = {
  E01: {
    group: "ovs",
    title: "traffic between ports of the card runs in hardware",
    causes: [
      "hw-offload is off or was not in effect yet",
      "hw-tc-offload is off on a port",
      "the flow leaves over a port of another card",
      "the flow matches or does what the card can't",
    ],
    fix: "Mend E02 to E06 first; then read the reasons in ovs-vswitchd's log.",
  },
  E02: {
    group: "ovs",
    title: "hw-offload is set as wished and in effect",
    causes: ["Open vSwitch was not restarted after the change", "the profile was not applied"],
    fix: "Apply the profile in a maintenance window: it restarts Open vSwitch.",
  },
  E03: {
    group: "ovs",
    title: "the card took every rule that Open vSwitch gave it",
    causes: ["the flow's match or action is beyond the card or its firmware"],
    fix: "ovs-appctl vlog/set netdev_offload_tc:dbg tc:dbg, then read ovs-vswitchd.log.",
  },
  E04: {
    group: "ovs",
    title: "the bridge has only ports of one card",
    causes: ["a tap, an internal port or a port of another card was added to the bridge"],
    fix: "Move the port to another bridge: what passes it runs in software.",
  },
  E05: {
    group: "ovs",
    title: "hw-tc-offload is on on every port of the datapath",
    causes: ["it was turned off by hand or by a tuning profile"],
    fix: "ethtool -K NETDEV hw-tc-offload on",
  },
  E06: {
    group: "ovs",
    title: "every port of the datapath has the ingress qdisc that offload hangs on",
    causes: ["NetworkManager or another tool removed it"],
    fix: "nmcli device set NETDEV managed no, then take the port out of the bridge and add it again.",
  },
  E09: {
    group: "ovs",
    title: "Open vSwitch could open the device of every port",
    causes: ["VFs were made anew, and the port of an older representor stayed in the database"],
    fix: "ovs-vsctl del-port BRIDGE PORT, then add the representor there is now.",
    safeFix: "apply-profile",
  },
  E10: {
    group: "ovs",
    title: "Open vSwitch is installed and answers",
    causes: ["the service is stopped or failed", "it is not installed"],
    fix: "systemctl start openvswitch; then look at /var/log/openvswitch.",
  },
  E14: {
    group: "ovs",
    title: "the uplink has no address of its own",
    causes: ["the PF was configured before the bridge was", "NetworkManager gave it one"],
    fix: "ip addr del ADDRESS dev PF; the bridge carries the host's address.",
  },
  "BRIDGE-OURS": {
    group: "ovs",
    title: "the profile's bridge is Switchyard's own",
    causes: ["a bridge of that name was made by hand before"],
    fix: "Choose another bridge name in the profile, or delete the bridge by hand.",
  },
  "BRIDGE-UP": {
    group: "ovs",
    title: "the bridge is there, up and has its address",
    causes: ["it was set down", "its address was removed", "the profile was not applied"],
    fix: "swy plan create --host HOST, then apply it.",
    safeFix: "apply-profile",
  },
  "LINT-ONE-BRIDGE": {
    group: "ovs",
    title: "the uplink and all representors are in one bridge",
    causes: ["a representor was left out or taken out", "the PF is not in the bridge"],
    fix: "swy plan create --host HOST, then apply it.",
    safeFix: "apply-profile",
  },
  "LINT-BOND": {
    group: "ovs",
    title: "the bond joins its ports, and every one of them is in switchdev mode",
    causes: [
      "a port was put into switchdev mode before it was joined",
      "somebody took a port out of the bond",
    ],
    fix: "Apply the profile: it bonds the ports before it changes their mode.",
  },
  "LINT-MTU": {
    group: "ovs",
    title: "no representor has a larger MTU than its uplink",
    causes: ["the MTU was raised on the representors only"],
    fix: "Set the same MTU on the PF, the representors and the physical switch.",
  },
  "OVS-FDB": {
    group: "ovs",
    title: "the bridge has learnt the MAC of every running VM on its representor",
    causes: [
      "the guest has sent nothing yet, or its entry aged out",
      "the guest uses another MAC than its vDPA device",
      "the MAC is used elsewhere too and was learnt from there",
    ],
    fix: "Let the VM ping something, then look again.",
  },
  "PORT-SETTINGS": {
    group: "ovs",
    title: "the ports of running VMs are as their networks ask: VLAN, limits, MTU, anti-spoofing",
    causes: [
      "somebody changed the port by hand",
      "ovs-vswitchd ended without saving its flows",
      "the port was taken out of the bridge and added again",
      "the VM was removed while its host was lost",
    ],
    fix: "Stop the VM and start it: its start sets the port again. Flows of no VM: ovs-ofctl del-flows BRIDGE cookie=COOKIE/-1.",
  },
  "WIRE-MAC": {
    group: "ovs",
    title: "no VM sends with a MAC that is another's, or that it was not given",
    causes: [
      "the guest changed its MAC, or bridges others behind it",
      "a guest imitates another VM",
      "its VM has moved away less than a minute ago",
    ],
    fix: "Turn anti_spoof on in the VM's network, or delete the VM.",
  },
  "WIRE-IP": {
    group: "ovs",
    title: "nobody else answers for the address of a VM",
    causes: [
      "a machine outside the fleet has the address",
      "another guest was given it by hand",
      "the network's pool overlaps with a DHCP server's",
    ],
    fix: "Take the address from the one that was not given it, or reserve it: swy network reserve.",
  },
} as const satisfies Record<string, CheckEntry>;
