import {
  type AllocatedNic,
  type BridgePort,
  type CHECKS_OF_HOST,
  digestOf,
  findVf,
  flowCookieOf,
  type Inventory,
  type NetworkSpec,
} from "@switchyard/model";
import { findPort } from "../../host/datapath/ports.ts";
import type { HostFacts, MacHolder, PlacedVm } from "../facts.ts";
import { failOn, type HostCheck, skip, warnOn, withLook, withParts } from "../verdict.ts";

/** Flows that let a NIC send as itself. @see antiSpoofFlows */
const ANTI_SPOOF_FLOW_COUNT = 4;

/** An older entry may be of a VM that has moved away since; who sends is heard again and again. */
const HEARD_WITHIN_S = 60;

/** A vDPA NIC of a VM placed here, with its port where it has one. */
interface NicPort {
  readonly placed: PlacedVm;
  readonly nic: AllocatedNic;
  readonly netdev: string | undefined;
  readonly port: BridgePort | undefined;
}

const nicPorts = (inventory: Inventory, { vms }: HostFacts): readonly NicPort[] =>
  vms.flatMap((placed) =>
    placed.allocation.nics
      .filter(({ kind }) => kind === "vdpa")
      .map((nic) => {
        const netdev = findVf(inventory, nic.pf, nic.vfIndex)?.representor?.netdev;
        const place = netdev === undefined ? undefined : findPort(inventory, netdev);
        const port = place?.bridge.name === nic.bridge ? place.port : undefined;
        return { placed, nic, netdev, port };
      }),
  );

const nameOf = ({ vm, host, holder }: MacHolder): string =>
  vm === undefined ? holder : `${vm} on ${host}`;

const vlanText = (vlan: number): string => (vlan === 0 ? "untagged" : `VLAN ${vlan}`);

/** Each representor with the MAC that is to be heard on it: its VM's, or its slot's where there is none. */
const strangers = withParts(["nics", "ovs"], (inventory, facts) =>
  withLook("learned", (entries) => {
    const nics = nicPorts(inventory, facts);
    const vfs = inventory.nics.flatMap(({ pfs }) => pfs.flatMap((pf) => pf.vfs));
    const wrong = entries.flatMap(({ bridge, mac, ofport, vlan, ageS }) => {
      if (ageS > HEARD_WITHIN_S) return [];
      const ports = inventory.ovs?.bridges.find(({ name }) => name === bridge)?.ports ?? [];
      const at = ports.find((port) => port.ofport === ofport)?.name;
      const vf = vfs.find(({ representor }) => at !== undefined && representor?.netdev === at);
      if (at === undefined || vf === undefined) return [];
      const own = nics.find(({ netdev }) => netdev === at);
      if (mac === own?.nic.mac || mac === vf.vdpa?.mac) return [];
      const owner = facts.macs.find((each) => each.mac === mac);
      const where = `${at} of ${bridge} (${vlanText(vlan)}), port of ${own?.placed.vm ?? "no VM"}`;
      return [
        owner === undefined
          ? `${where}, sends as ${mac}, which it was not given`
          : `${where}, sends as ${mac}, which is ${nameOf(owner)}`,
      ];
    });
    return failOn(wrong, `${entries.length} MACs learnt, each on a port that may send with it`);
  })(facts),
);

const impostors = withParts(["ovs"], (_inventory, facts) =>
  withLook("neighbours", (entries) => {
    const nics = facts.vms.flatMap((placed) =>
      placed.allocation.nics
        .filter(({ network }) => facts.networks[network]?.vlan === undefined)
        .map((nic) => ({ placed, nic })),
    );
    if (nics.length === 0)
      return skip("no VM here is on an untagged network, where the host hears");
    const wrong = entries.flatMap(({ bridge, address, mac }) => {
      const own = nics.find(
        ({ nic }) => nic.bridge === bridge && nic.address.split("/")[0] === address,
      );
      if (own === undefined || own.nic.mac === mac) return [];
      const owner = facts.macs.find((each) => each.mac === mac);
      const who = owner === undefined ? mac : `${mac}, which is ${nameOf(owner)}`;
      return [`${address} of ${own.placed.vm} is answered for by ${who} (${bridge}, untagged)`];
    });
    return failOn(wrong, `${entries.length} neighbours, none of them with a VM's address`);
  })(facts),
);

const isSame = (left: unknown, right: unknown): boolean =>
  digestOf({ of: left }) === digestOf({ of: right });

function portFaults(
  inventory: Inventory,
  { nic, netdev, port }: NicPort,
  network: NetworkSpec,
): readonly string[] {
  const settings = port?.settings ?? {};
  const mtu = findVf(inventory, nic.pf, nic.vfIndex)?.representor?.mtu;
  const limits = [
    ["send", settings.sendLimit, network.sendLimit],
    ["receive", settings.receiveLimit, network.receiveLimit],
  ] as const;
  return [
    ...(settings.vlan === network.vlan
      ? []
      : [`${netdev} is ${vlanText(settings.vlan ?? 0)}, not ${vlanText(network.vlan ?? 0)}`]),
    ...limits
      .filter(([, found, wanted]) => !isSame(found, wanted))
      .map(
        ([what, found, wanted]) =>
          `${netdev} has ${what} limit ${found?.bitsPerSecond ?? "none"}, not ${wanted?.bitsPerSecond ?? "none"}`,
      ),
    ...(mtu === undefined || mtu === network.mtu
      ? []
      : [`${netdev} has MTU ${mtu}, not ${network.mtu}`]),
  ];
}

/** Flows of ours for MACs that no VM placed here has. */
function leftFlows({ vms, examination }: HostFacts): readonly string[] {
  const own = new Set(
    vms.flatMap(({ allocation }) => allocation.nics.map(({ mac }) => flowCookieOf(mac))),
  );
  return (examination?.nicFlows ?? [])
    .filter(({ cookie }) => !own.has(cookie))
    .map(({ bridge, cookie, count }) => `${bridge} keeps ${count} flows of no VM here: ${cookie}`);
}

/** Ports of VMs that run; one without a port is for other checks. */
const asAsked = withParts(["nics", "ovs", "vms"], (inventory, facts) => {
  const nics = nicPorts(inventory, facts).filter(
    ({ placed, port }) => placed.state === "running" && port !== undefined,
  );
  const left = leftFlows(facts);
  if (nics.length === 0 && left.length === 0) {
    return skip("no VM runs here with a port in a bridge");
  }
  const guarded = nics.filter(({ nic }) => facts.networks[nic.network]?.hasAntiSpoof === true);
  const counts = facts.examination?.nicFlows;
  const wrong = nics.flatMap((each) => {
    const network = facts.networks[each.nic.network];
    const faults = network === undefined ? [] : portFaults(inventory, each, network);
    return faults.map((fault) => `${each.placed.vm}: ${fault}`);
  });
  const unguarded = guarded.flatMap(({ placed, nic }) => {
    const found = counts?.find(
      ({ bridge, cookie }) => bridge === nic.bridge && cookie === flowCookieOf(nic.mac),
    );
    return counts === undefined || found?.count === ANTI_SPOOF_FLOW_COUNT
      ? []
      : [`${placed.vm}: ${found?.count ?? 0} of ${ANTI_SPOOF_FLOW_COUNT} flows against spoofing`];
  });
  const all = [...wrong, ...unguarded, ...left];
  if (all.length === 0 && guarded.length > 0 && counts === undefined) {
    return skip(facts.silence ?? "the flows could not be read on the host");
  }
  return unguarded.length > 0 ? failOn(all, "") : warnOn(all, `${nics.length} ports`);
});

/** @see CHECKS_OF_HOST for what each is about */
export const PORT_CHECK_RUNS = {
  "PORT-SETTINGS": asAsked,
  "WIRE-MAC": strangers,
  "WIRE-IP": impostors,
} as const satisfies Partial<Record<keyof typeof CHECKS_OF_HOST, HostCheck>>;
