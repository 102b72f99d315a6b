import {
  type CHECKS_OF_HOST,
  type ExaminedVm,
  type Finding,
  isJobEnd,
  msixVectors,
} from "@switchyard/model";
import { pairsOf } from "../../host/datapath/build-up.ts";
import { asVdpa } from "../../host/datapath/datapath-findings.ts";
import { findLeaks, type Leak, type OwningVm } from "../../vm/find-leaks.ts";
import { bridgeOutsidePool, queuesWithinDevice, queuesWithinVcpus } from "../../vm/lint.ts";
import type { HostFacts, PlacedVm } from "../facts.ts";
import {
  failOn,
  type HostCheck,
  skip,
  type Verdict,
  warnOn,
  withInventory,
  withLook,
  withParts,
} from "../verdict.ts";
import { devicesOf, type NicDevice, vmNames, withVms } from "./vdpa.ts";

/** What QEMU locks beside guest memory: firmware, video memory, tables. */
const LOCK_SLACK_BYTES = 64 * 1024 ** 2;
/** A check of every VM placed here, whether it runs or not. */
const withPlaced = (check: (vms: readonly PlacedVm[], facts: HostFacts) => Verdict): HostCheck =>
  withInventory((_inventory, facts) =>
    facts.vms.length === 0 ? skip("no VM is placed here") : check(facts.vms, facts),
  );

const placedNames = (vms: readonly PlacedVm[]): string => vms.map(({ vm }) => vm).join(", ");

/** A check of VMs by what their QEMU was told; skipped where none runs. */
const withQemus = (
  check: (vm: ExaminedVm, placed: PlacedVm, facts: HostFacts) => readonly string[],
): HostCheck =>
  withLook("vms", (examined, facts) => {
    const pairs = examined.flatMap((vm) => {
      const placed = facts.vms.find((each) => each.vm === vm.vm);
      return placed === undefined ? [] : [{ vm, placed }];
    });
    if (pairs.length === 0) return skip("no VM runs here");
    return warnOn(
      pairs.flatMap(({ vm, placed }) => check(vm, placed, facts)),
      pairs.map(({ vm }) => vm.vm).join(", "),
    );
  });

const memoryLock: HostCheck = (facts) => {
  const verdict = withQemus(({ vm, memoryLock: limit, nics }, { spec }) => {
    if (limit === undefined || limit === "unlimited") return [];
    const needed = spec.memoryBytes * Math.max(1, nics.length) + LOCK_SLACK_BYTES;
    return limit >= needed ? [] : [`${vm}: limit ${limit} bytes, needs ${needed}`];
  })(facts);
  const isUntold = facts.examination?.vms?.every((vm) => vm.memoryLock === undefined) ?? false;
  if (verdict.status === "pass" && isUntold) return skip("no process tells its limits");
  return verdict.status === "warn" ? { ...verdict, status: "fail" } : verdict;
};

/** What QEMU was told of the NIC on a vDPA device. */
type ToldNic = ExaminedVm["nics"][number];

/** A check of a VM's vDPA NICs, each with what QEMU was told of it. */
const withToldNics = (
  check: (vm: string, told: ToldNic, known: NicDevice) => readonly string[],
): HostCheck =>
  withQemus(({ vm, nics }, placed, { inventory }) => {
    const known = inventory === undefined ? [] : devicesOf(inventory, placed);
    return known.flatMap((each) => {
      const told = nics.find(({ vhostPath }) => vhostPath === each.device?.vhostPath);
      return told === undefined ? [] : check(vm, told, each);
    });
  });

const guestPairs = withToldNics((vm, { hasMultiqueue }, { nic, device }) => {
  const promised = nic.queuePairs;
  const pairs = device === undefined ? promised : pairsOf(device);
  return [
    ...(promised > 1 && !hasMultiqueue
      ? [`${vm}: mq=true is missing, so the guest has 1 pair instead of ${promised}`]
      : []),
    ...(pairs < promised ? [`${vm}: ${pairs} pairs in its vDPA device, ${promised} promised`] : []),
  ];
});

const interrupts = withToldNics((vm, { vectors, hasPagePerVq }, { nic, device }) => {
  const pairs = Math.min(nic.queuePairs, device ? pairsOf(device) : nic.queuePairs);
  return [
    ...(vectors !== undefined && vectors < msixVectors(pairs)
      ? [`${vm}: ${vectors} vectors, ${msixVectors(pairs)} needed for ${pairs} pairs`]
      : []),
    ...(hasPagePerVq ? [] : [`${vm}: page-per-vq is off`]),
  ];
});

const states = withParts(["vms"], ({ vms }, facts) => {
  if (facts.vms.length === 0) return skip("no VM is placed here");
  const wrong = facts.vms.flatMap(({ vm, state }) => {
    const observed = vms.find((each) => each.vm === vm);
    if (state === "failed") return [`${vm} failed: ${observed?.reason ?? "see swy vm get"}`];
    if (state !== "running") return [];
    if (observed === undefined) return [`${vm} has no process`];
    return observed.state === "running"
      ? []
      : [`${vm} is ${observed.state}: ${observed.reason ?? "no reason given"}`];
  });
  return failOn(wrong, placedNames(facts.vms));
});

const unknown = withParts(["vms"], ({ vms }, facts) => {
  const running = vms.filter(({ state }) => state === "running" || state === "paused");
  const placed = new Set(facts.vms.map(({ vm }) => vm));
  return warnOn(
    running.filter(({ vm }) => !placed.has(vm)).map(({ vm, pid }) => `${vm} (process ${pid})`),
    `${running.length} VMs run, all of them placed here`,
  );
});

const owningVms = (vms: readonly PlacedVm[]): readonly OwningVm[] =>
  vms.map(({ vm, state, allocation }) => ({
    ...{ vm, state },
    macs: allocation.nics.map(({ mac }) => mac),
  }));

/** What a job is about to make or to take away is its own. */
const isAtWork = ({ jobs, vms }: HostFacts): boolean =>
  jobs.some(({ state }) => !isJobEnd(state)) || vms.some(({ state }) => state === "moving");

const AT_WORK = "a job is at work on the host";

const leaksOf = (...kinds: readonly Leak["kind"][]): HostCheck =>
  withLook("leftovers", (leftovers, facts) => {
    if (isAtWork(facts)) return skip(AT_WORK);
    const leaks = findLeaks(owningVms(facts.vms), leftovers);
    return warnOn(
      leaks.filter(({ kind }) => kinds.includes(kind)).map(({ text }) => text),
      "all of it belongs to VMs that are here",
    );
  });

const agents = withVms((vms) => {
  const wanted = vms.filter(
    ({ placed }) => placed.spec.hasGuestAgent && placed.state === "running",
  );
  if (wanted.length === 0) return skip("no running VM has a guest agent");
  return warnOn(
    wanted
      .filter(({ observed }) => !observed.isGuestAgentUp)
      .map(({ placed }) => `${placed.vm} is silent`),
    vmNames(wanted),
  );
});

const texts = (findings: readonly Finding[]): readonly string[] =>
  findings.map(({ message, found }) => `${message}: ${found}`);

const queuesOfDevice = withPlaced((vms, { inventory }) => {
  const known = vms.flatMap((placed) =>
    (inventory === undefined ? [] : devicesOf(inventory, placed)).flatMap(({ nic, device }) =>
      device === undefined ? [] : [{ placed, nic, device }],
    ),
  );
  if (known.length === 0) return skip("no VM's vDPA device was seen");
  return failOn(
    texts(
      known.flatMap(({ placed: { vm }, nic, device }) =>
        queuesWithinDevice(vm, nic, pairsOf(device)),
      ),
    ),
    placedNames([...new Set(known.map(({ placed }) => placed))]),
  );
});

const queuesOfVcpus = withPlaced((vms) =>
  failOn(
    texts(
      vms.flatMap(({ vm, spec: { vcpuCount }, allocation }) =>
        allocation.nics.flatMap(({ queuePairs }) =>
          queuesWithinVcpus(vm, { queuePairs, vcpuCount }),
        ),
      ),
    ),
    placedNames(vms),
  ),
);

const bridgeAddresses: HostCheck = ({ networks, bridgeAddresses: addresses, desired }) => {
  const bridge = asVdpa(desired?.datapath)?.bridge.name;
  const here = Object.entries(networks).filter(([, network]) => network.bridge === bridge);
  if (addresses.length === 0 || here.length === 0) {
    return skip("no network shares a bridge with an address on this host");
  }
  return failOn(
    here.flatMap(([name, network]) =>
      addresses.flatMap((address) =>
        texts(bridgeOutsidePool(network, address)).map((text) => `network ${name}: ${text}`),
      ),
    ),
    `${addresses.join(", ")} outside the pools of ${here.map(([name]) => name).join(", ")}`,
  );
};

/** @see CHECKS_OF_HOST for what each is about */
export const VM_CHECK_RUNS = {
  F02: memoryLock,
  F04: guestPairs,
  F05: interrupts,
  "VM-STATE": states,
  "VM-UNKNOWN": unknown,
  "LEAK-PROCESS": leaksOf("process"),
  "LEAK-FILES": leaksOf("run-folder", "disk", "shown-disk"),
  "VM-AGENT": agents,
  "LINT-QUEUES-DEVICE": queuesOfDevice,
  "LINT-QUEUES-VCPUS": queuesOfVcpus,
  "LINT-BRIDGE-ADDRESS": bridgeAddresses,
} as const satisfies Partial<Record<keyof typeof CHECKS_OF_HOST, HostCheck>>;
