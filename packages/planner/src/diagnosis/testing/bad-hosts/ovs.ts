import type { HostCheckId } from "@switchyard/model";
import { cidr, slotMac } from "@switchyard/testkit/builders";
import {
  type BadHost,
  BOND,
  bridge,
  datapath,
  inventory,
  look,
  netdev,
  pf,
  vf,
} from "../changes.ts";
import { healthyLook, placedVm } from "../healthy-host.ts";

export const BAD_OVS = {
  E01: [
    "warn",
    look({
      flows: {
        offloadedCount: 1,
        softwareCount: 9,
        software: [{ inPort: "eth0", actions: "enp130s0f0np0" }],
      },
    }),
  ],
  E02: [
    "fail",
    inventory((each) => ({ ...each, ovs: each.ovs && { ...each.ovs, isRestartPending: true } })),
  ],
  E03: ["warn", netdev("enp130s0f0np0", { filters: { count: 4, notInHardwareCount: 2 } })],
  E04: [
    "warn",
    bridge((one) => ({
      ports: [...one.ports, { name: "tap0", ofport: 9, error: undefined, linkState: "up" }],
    })),
  ],
  E05: ["fail", netdev("enp130s0f0np0", { hasTcOffload: false })],
  E06: ["warn", netdev("enp130s0f0np0", { hasIngressQdisc: false })],
  E09: [
    "fail",
    bridge((one) => ({
      ports: [
        ...one.ports,
        {
          name: "eth9",
          ofport: -1,
          error: "could not open network device eth9 (No such device)",
          linkState: undefined,
        },
      ],
    })),
  ],
  E10: [
    "fail",
    inventory((each) => ({ ...each, ovs: each.ovs && { ...each.ovs, isRunning: false } })),
  ],
  E14: [
    "fail",
    pf((each) => ({ ...each, link: { ...each.link, addresses: [cidr("192.168.101.7/24")] } })),
  ],
  "BRIDGE-OURS": ["fail", bridge(() => ({ isOurs: false }))],
  "BRIDGE-UP": ["fail", bridge(() => ({ isUp: false }))],
  "LINT-ONE-BRIDGE": ["fail", bridge((one) => ({ ports: one.ports.slice(1) }))],
  "LINT-BOND": ["fail", datapath({ bond: BOND })],
  "LINT-MTU": [
    "fail",
    vf((each) => ({ ...each, representor: { ...each.representor!, mtu: 9000 } })),
  ],
  "OVS-FDB": ["warn", look({ learned: [] })],
  "PORT-SETTINGS": [
    "warn",
    bridge((one) => ({ ports: one.ports.map((port) => ({ ...port, settings: { vlan: 7 } })) })),
  ],
  "WIRE-MAC": [
    "fail",
    look({
      learned: (healthyLook.learned ?? []).map((entry) => ({ ...entry, mac: slotMac(8) })),
    }),
  ],
  "WIRE-IP": [
    "fail",
    look({
      neighbours: [
        {
          ...{ bridge: "cxbr0", mac: "00:11:22:33:44:55" },
          address: placedVm.allocation.nics[0]?.address.split("/")[0] ?? "",
        },
      ],
    }),
  ],
} as const satisfies Partial<Record<HostCheckId, BadHost>>;
