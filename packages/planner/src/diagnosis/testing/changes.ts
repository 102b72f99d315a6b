import type {
  CheckStatus,
  DriverInfo,
  Examination,
  ExaminedCard,
  Inventory,
  Pf,
  SystemFacts,
  Vf,
} from "@switchyard/model";
import { buildBareR740, buildDatapath, buildHostDesired } from "@switchyard/testkit/builders";
import type { HostFacts, PlacedVm } from "../facts.ts";
import { healthyDriver, healthyLook, healthySystem, mapPf, mapVf } from "./healthy-host.ts";

/** From one state of knowledge of a host to another. */
export type Change = (facts: HostFacts) => HostFacts;

export const inventory =
  (change: (inventory: Inventory) => Inventory): Change =>
  (facts) => ({ ...facts, inventory: facts.inventory && change(facts.inventory) });
export const pf = (change: (pf: Pf) => Pf): Change => inventory((each) => mapPf(each, change));
export const vf = (change: (vf: Vf) => Vf): Change => inventory((each) => mapVf(each, 0, change));
export const look =
  (change: Partial<Examination>): Change =>
  (facts) => ({ ...facts, examination: { ...healthyLook, ...change } });
/** Of what the first PF's card tells. */
export const card = (change: Partial<ExaminedCard>): Change =>
  look({
    cards: (healthyLook.cards ?? []).map((each, at) => (at === 0 ? { ...each, ...change } : each)),
  });
export const log = (line: string): Change => look({ kernelMessages: [`[   12.000000] ${line}`] });
export const system = (change: Partial<SystemFacts>): Change =>
  inventory((each) => ({ ...each, system: { ...healthySystem, ...change } }));
export const driver = (change: Partial<DriverInfo>): Change =>
  inventory((each) => ({
    ...each,
    nics: each.nics.map((nic) => ({ ...nic, driverInfo: { ...healthyDriver, ...change } })),
  }));
export const netdev = (
  name: string,
  change: Partial<NonNullable<Examination["netdevs"]>[number]>,
) =>
  look({
    netdevs: (healthyLook.netdevs ?? []).map((each) =>
      each.name === name ? { ...each, ...change } : each,
    ),
  });
export const bridge = (
  change: (bridge: NonNullable<Inventory["ovs"]>["bridges"][number]) => object,
): Change =>
  inventory((each) => ({
    ...each,
    ovs: each.ovs && {
      ...each.ovs,
      bridges: each.ovs.bridges.map((one) => ({ ...one, ...change(one) })),
    },
  }));
export const placed =
  (change: (vm: PlacedVm) => object): Change =>
  (facts) => ({
    ...facts,
    vms: facts.vms.map((vm) => ({ ...vm, ...change(vm) })),
  });
export const qemu = (change: object, nic: object = {}): Change =>
  look({
    vms: (healthyLook.vms ?? []).map((vm) => ({
      ...vm,
      ...change,
      nics: vm.nics.map((each) => ({ ...each, ...nic })),
    })),
  });
export const datapath =
  (change: object): Change =>
  (facts) => ({
    ...facts,
    desired: buildHostDesired(buildDatapath(change)),
  });
export const observedVm = (change: object): Change =>
  inventory((each) => ({ ...each, vms: each.vms.map((vm) => ({ ...vm, ...change })) }));

export const BOND = {
  name: "bond0",
  mode: "802.3ad",
  ports: [{ kind: "port", port: 1 }],
} as const;

export const bare: Change = (facts) => ({
  ...facts,
  inventory: buildBareR740(),
  vms: [],
});

/** How bad a check finds a host, and what makes it so. */
export type BadHost = readonly [Extract<CheckStatus, "warn" | "fail">, Change];
