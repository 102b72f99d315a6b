import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type HostId, type NicSpec, parseHostId, parseNetworkId } from "@switchyard/model";
import { type Random, seededRandom } from "@switchyard/runtime";
import { pciAddress } from "@switchyard/testkit/builders";
import { type CandidateHost, freeMemoryBytes, freeVcpuCount } from "./candidate.ts";
import type { PlacementNeeds } from "./filters.ts";
import { type Placement, planPlacement } from "./plan-placement.ts";

const GIB = 1024 ** 3;

function buildCandidate(name: string, overrides: Partial<CandidateHost> = {}): CandidateHost {
  const pf = pciAddress("0000:82:00.0");
  return {
    host: parseHostId(name),
    kind: "simulated",
    labels: { rack: "a" },
    isConnected: true,
    isSchedulable: true,
    isReady: true,
    mode: "vdpa",
    bridge: "cxbr0",
    slotCount: 2,
    freeSlots: [0, 1].map((vfIndex) => ({ pf, vfIndex, maxVqp: 16, numaNode: 1 })),
    threadCount: 32,
    allocatedVcpuCount: 0,
    memoryBytes: 64 * GIB,
    allocatedMemoryBytes: 0,
    ...overrides,
  };
}

const NETWORK = parseNetworkId("lan");

/** NICs with so many queue pairs each. */
const nicsWith = (...queuePairs: readonly number[]): readonly NicSpec[] =>
  queuePairs.map((each) => ({ network: NETWORK, kind: "vdpa", queuePairs: each }));

function buildNeeds(change: Partial<PlacementNeeds["spec"]> = {}): PlacementNeeds {
  const size = { vcpuCount: 4, memoryBytes: 4 * GIB };
  const spec = { ...size, nics: nicsWith(4), hostSelector: {}, ...change };
  return { spec, bridges: spec.nics.map(() => "cxbr0") };
}

const place = (
  candidates: readonly CandidateHost[],
  needs = buildNeeds(),
  policy: "spread" | "pack" = "spread",
): Placement => planPlacement({ needs, candidates, policy });

const hostOf = (placement: Placement): HostId | undefined =>
  placement.kind === "placed" ? placement.host : undefined;

describe("planPlacement", () => {
  it("spreads to the emptiest host and packs to the fullest", () => {
    const used = buildCandidate("h1", { allocatedVcpuCount: 16, allocatedMemoryBytes: 32 * GIB });
    const half = used.freeSlots.slice(1);
    const hosts = [{ ...used, freeSlots: half }, buildCandidate("h2")];
    assert.equal(hostOf(place(hosts)), "h2");
    assert.equal(hostOf(place(hosts, buildNeeds(), "pack")), "h1");
  });

  it("breaks ties by name", () => {
    assert.equal(hostOf(place([buildCandidate("h2"), buildCandidate("h1")])), "h1");
  });

  it("keeps slots with many queue pairs for VMs that need them", () => {
    const pf = pciAddress("0000:82:00.0");
    const freeSlots = [32, 8].map((maxVqp, vfIndex) => ({ pf, vfIndex, maxVqp, numaNode: 1 }));
    const placement = place([buildCandidate("h1", { freeSlots })]);
    assert.ok(placement.kind === "placed");
    assert.equal(placement.nics[0]?.slot.maxVqp, 8);
  });

  it("gives as many queue pairs as vCPUs and slot allow when the VM leaves it open", () => {
    const placement = place(
      [buildCandidate("h1")],
      buildNeeds({ nics: nicsWith(0), vcpuCount: 24 }),
    );
    assert.ok(placement.kind === "placed");
    assert.equal(placement.nics[0]?.queuePairs, 16);
  });

  it("gives each NIC of a VM a slot of its own that has the queue pairs it asks for", () => {
    const pf = pciAddress("0000:82:00.0");
    const freeSlots = [8, 16, 4].map((maxVqp, vfIndex) => ({ pf, vfIndex, maxVqp, numaNode: 1 }));
    const host = buildCandidate("h1", { slotCount: 3, freeSlots });
    const placement = place([host], buildNeeds({ vcpuCount: 16, nics: nicsWith(0, 16, 8) }));
    assert.ok(placement.kind === "placed");
    assert.deepEqual(
      placement.nics.map(({ slot, queuePairs }) => [slot.vfIndex, queuePairs]),
      [
        [2, 4],
        [1, 16],
        [0, 8],
      ],
    );
    const greedy = place([host], buildNeeds({ vcpuCount: 16, nics: nicsWith(16, 16) }));
    assert.ok(greedy.kind === "no-host");
    assert.equal(greedy.reasons[0]?.found, "max_vqp 16, 8");
    const many = place([host], buildNeeds({ nics: nicsWith(1, 1, 1, 1) }));
    assert.ok(many.kind === "no-host");
    assert.equal(many.reasons[0]?.needs, "4 free slots");
  });

  it("answers with the filter and the numbers of every host when none will do", () => {
    const hosts = [
      buildCandidate("a-lost", { isConnected: false }),
      buildCandidate("b-busy", { isReady: false }),
      buildCandidate("c-label", { labels: { rack: "b" } }),
      buildCandidate("d-bare", { mode: undefined, bridge: undefined }),
      buildCandidate("d-sriov", { mode: "sriov", bridge: undefined, freeSlots: [] }),
      buildCandidate("e-full", { freeSlots: [] }),
      buildCandidate("f-queues", {
        freeSlots: [{ pf: pciAddress("0000:82:00.0"), vfIndex: 0, maxVqp: 2, numaNode: 0 }],
      }),
      buildCandidate("g-vcpu", { allocatedVcpuCount: 30 }),
      buildCandidate("h-memory", { allocatedMemoryBytes: 58 * GIB }),
    ];
    const placement = place(hosts, buildNeeds({ hostSelector: { rack: "a" } }));
    assert.ok(placement.kind === "no-host");
    assert.deepEqual(
      placement.reasons.map(({ host, filter, found, needs }) => [host, filter, found, needs]),
      [
        ["a-lost", "connected", "no heartbeat", "a connected agent"],
        ["b-busy", "ready", "busy with an exclusive job", "a ready host"],
        ["c-label", "labels", "rack=b", "rack=a"],
        ["d-bare", "bridge", "no datapath applied", "mode vdpa on bridge cxbr0"],
        ["d-sriov", "mode", "mode sriov", "mode vdpa"],
        ["e-full", "slots", "0 of 2 slots free", "1 free slot"],
        ["f-queues", "queues", "max_vqp 2", "4 queue pairs"],
        ["g-vcpu", "vcpu", "2 vCPUs free", "4 vCPUs"],
        ["h-memory", "memory", "2048 MiB free", "4096 MiB"],
      ],
    );
  });
});

/** The host after the placement's promise was kept. */
function allocate(
  host: CandidateHost,
  placement: Extract<Placement, { kind: "placed" }>,
  { spec }: PlacementNeeds,
): CandidateHost {
  const taken = placement.nics.map(({ slot }) => slot.vfIndex);
  assert.equal(new Set(taken).size, spec.nics.length);
  return {
    ...host,
    freeSlots: host.freeSlots.filter(({ vfIndex }) => !taken.includes(vfIndex)),
    allocatedVcpuCount: host.allocatedVcpuCount + spec.vcpuCount,
    allocatedMemoryBytes: host.allocatedMemoryBytes + spec.memoryBytes,
  };
}

const below = (random: Random, limit: number): number => Math.floor(random.float() * limit);

function randomFleet(random: Random): readonly CandidateHost[] {
  return Array.from({ length: 1 + below(random, 5) }, (_, index) => {
    const slotCount = 1 + below(random, 6);
    const pf = pciAddress("0000:82:00.0");
    const slots = Array.from({ length: slotCount }, (_, vfIndex) => ({ vfIndex, pf }));
    return buildCandidate(`h${index}`, {
      slotCount,
      freeSlots: slots.map((slot) => ({ ...slot, maxVqp: 1 + below(random, 32), numaNode: 0 })),
      threadCount: 1 + below(random, 32),
      memoryBytes: (1 + below(random, 64)) * GIB,
    });
  });
}

describe("a VM that libvirt shall run", () => {
  const needs = buildNeeds({ runtime: "libvirt" });

  it("is not placed where libvirt is missing or too old, and is told which would do", () => {
    const hosts = [buildCandidate("a-none"), buildCandidate("b-old", { libvirtVersion: "7.9.0" })];
    const placement = place(hosts, needs);
    assert.ok(placement.kind === "no-host");
    assert.deepEqual(
      placement.reasons.map(({ filter, found, needs: wanted }) => [filter, found, wanted]),
      [
        ["runtime", "no libvirt", "libvirt on the host"],
        [
          "runtime",
          "libvirt 7.9.0",
          "libvirt 8.2.0 or newer for a vDPA NIC that is virtio 1.0 only",
        ],
      ],
    );
  });

  it("is placed where libvirt is new enough", () => {
    const hosts = [buildCandidate("h1"), buildCandidate("h2", { libvirtVersion: "10.0.0" })];
    assert.equal(hostOf(place(hosts, needs)), "h2");
  });
});

describe("planPlacement on any fleet", () => {
  for (const policy of ["spread", "pack"] as const) {
    it(`never exceeds a host's capacity when it should ${policy}`, () => {
      for (let seed = 0; seed < 100; seed += 1) {
        const random = seededRandom(seed);
        let hosts = randomFleet(random);
        for (let round = 0; round < 30; round += 1) {
          const vcpuCount = 1 + below(random, 8);
          const nicCount = 1 + below(random, 3);
          const pairs = Array.from({ length: nicCount }, () => below(random, vcpuCount + 1));
          const memoryBytes = (1 + below(random, 8)) * GIB;
          const needs = buildNeeds({ vcpuCount, nics: nicsWith(...pairs), memoryBytes });
          const placement = place(hosts, needs, policy);
          if (placement.kind === "no-host") {
            assert.equal(placement.reasons.length, hosts.length, `seed ${seed}`);
            continue;
          }
          for (const { slot, queuePairs } of placement.nics) {
            assert.ok(queuePairs <= Math.min(vcpuCount, slot.maxVqp), `seed ${seed}`);
          }
          hosts = hosts.map((host) =>
            host.host === placement.host ? allocate(host, placement, needs) : host,
          );
        }
        for (const host of hosts) {
          assert.ok(freeVcpuCount(host) >= 0 && freeMemoryBytes(host) >= 0, `seed ${seed}`);
        }
      }
    });
  }

  it("chooses the same whatever the order of the candidates", () => {
    for (let seed = 0; seed < 100; seed += 1) {
      const hosts = randomFleet(seededRandom(seed));
      assert.deepEqual(place([...hosts].reverse()), place(hosts), `seed ${seed}`);
    }
  });
});
