import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type {
  BondMode,
  BondSpec,
  DesiredSlot,
  HostDesired,
  Inventory,
  VfDriverChoice,
} from "@switchyard/model";
import { type Random, seededRandom } from "@switchyard/runtime";
import {
  applySteps,
  buildBareLabHost,
  buildBareR740,
  buildDatapath,
  buildHostDesired,
  buildSriovDatapath,
  buildTeardown,
  cidr,
  pciAddress,
  slotMac,
} from "@switchyard/testkit/builders";
import { planHost } from "./plan-host.ts";

const SEEDS = Array.from({ length: 150 }, (_, seed) => seed);

const pick = <T>(random: Random, options: readonly T[]): T =>
  options[Math.floor(random.float() * options.length)] as T;

const BOND_MODES: readonly BondMode[] = ["active-backup", "802.3ad", "balance-xor"];
const PORTS = ["0000:82:00.0", "0000:82:00.1"].map(pciAddress);
const VF_DRIVERS: readonly VfDriverChoice[] = ["auto", "vfio-pci", "mlx5_vfio_pci"];

const randomBond = (random: Random, uplinkPort: number): BondSpec => ({
  name: pick(random, ["bond0", "bond1"]),
  mode: pick(random, BOND_MODES),
  ports: [{ kind: "port", port: 1 - uplinkPort }],
});

const onBothPorts = (slots: readonly DesiredSlot[]): readonly DesiredSlot[] =>
  PORTS.flatMap((pf, port) =>
    slots.map(({ vfIndex }) => ({ pf, vfIndex, mac: slotMac(64 * (port + 1) + vfIndex) })),
  );

/** @param host lab hosts have one port, two VFs and MACs of their own */
function randomDesired(random: Random, host: Inventory): HostDesired {
  if (random.float() < 0.2) return buildTeardown();
  const isLab = host.hostKind === "lab";
  const vfCount = pick(random, isLab ? [1, 2] : [1, 2, 3, 8]);
  const firstMac = isLab ? 0 : pick(random, [0, 16]);
  const slots = Array.from({ length: vfCount }, (_, vfIndex) => ({
    vfIndex,
    mac: slotMac(firstMac + vfIndex),
  }));
  const uplink = { kind: "port", port: isLab ? 0 : pick(random, [0, 1]) } as const;
  const someSlots = random.float() < 0.8 ? slots : slots.slice(1);
  if (random.float() < 0.4) {
    const vfDriver = isLab ? "auto" : pick(random, VF_DRIVERS);
    return buildHostDesired(buildSriovDatapath({ uplink, vfCount, vfDriver, slots: someSlots }));
  }
  const bond = isLab || random.float() < 0.6 ? undefined : randomBond(random, uplink.port);
  return buildHostDesired(
    buildDatapath({
      uplink,
      ...(bond !== undefined && { bond }),
      vfCount,
      maxVqp: pick(random, [1, 8, 16, 32]),
      bridge: {
        name: pick(random, ["cxbr0", "cxbr1"]),
        address: pick(random, [undefined, cidr("192.168.101.2/24"), cidr("192.168.101.3/24")]),
      },
      hwOffload: pick(random, [true, false]),
      slots: bond === undefined ? someSlots : onBothPorts(someSlots),
    }),
  );
}

/** A host left by plans that were cut short at any step. */
function randomHost(random: Random): Inventory {
  const bare = pick(random, [buildBareR740, buildBareLabHost])();
  return Array.from({ length: 3 }).reduce<Inventory>((host) => {
    const { steps } = planHost(randomDesired(random, host), host);
    return applySteps(host, steps.slice(0, Math.floor(random.float() * (steps.length + 1))));
  }, bare);
}

describe("planHost on any host, after any interrupted plans", () => {
  it("gives no steps once its own result was applied", () => {
    for (const seed of SEEDS) {
      const random = seededRandom(seed);
      const host = randomHost(random);
      const desired = randomDesired(random, host);
      const after = applySteps(host, planHost(desired, host).steps);
      assert.deepEqual(planHost(desired, after).steps, [], `seed ${seed}`);
    }
  });

  it("reaches the same host wherever it was interrupted", () => {
    for (const seed of SEEDS.slice(0, 30)) {
      const random = seededRandom(seed);
      const host = randomHost(random);
      const desired = randomDesired(random, host);
      const { steps } = planHost(desired, host);
      for (let done = 0; done <= steps.length; done += 1) {
        const interrupted = applySteps(host, steps.slice(0, done));
        const resumed = applySteps(interrupted, planHost(desired, interrupted).steps);
        assert.deepEqual(planHost(desired, resumed).steps, [], `seed ${seed}, step ${done}`);
      }
    }
  });

  it("tears down to a host without anything of ours", () => {
    for (const seed of SEEDS) {
      const host = randomHost(seededRandom(seed));
      const after = applySteps(host, planHost(buildTeardown(), host).steps);
      const bare = after.hostKind === "lab" ? buildBareLabHost() : buildBareR740();
      const withoutLinks = (inventory: Inventory) =>
        inventory.nics.map(({ pfs }) => pfs.map(({ link: _, ...pf }) => pf));
      assert.deepEqual(withoutLinks(after), withoutLinks(bare), `seed ${seed}`);
      assert.deepEqual(after.ovs?.bridges, [], `seed ${seed}`);
      assert.deepEqual(after.bonds ?? [], [], `seed ${seed}`);
    }
  });

  it("gives every step an id of its own", () => {
    for (const seed of SEEDS) {
      const random = seededRandom(seed);
      const host = randomHost(random);
      const ids = planHost(randomDesired(random, host), host).steps.map(({ id }) => id);
      assert.equal(new Set(ids).size, ids.length, `seed ${seed}`);
    }
  });
});
