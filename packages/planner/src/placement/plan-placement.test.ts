import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type HostId, parseImageId, parseVmId } from "@switchyard/model";
import { pciAddress } from "@switchyard/testkit/builders";
import type { CandidateHost } from "./candidate.ts";
import { explainPlacement } from "./explain.ts";
import { type Placement, planPlacement } from "./plan-placement.ts";
import {
  buildCandidate,
  buildNeeds,
  GIB,
  grouped,
  labelled,
  nicNeed,
  resident,
  slotOf,
} from "./testing/candidates.ts";

const place = (candidates: readonly CandidateHost[], needs = buildNeeds()): Placement =>
  planPlacement({ needs, candidates });

const hostOf = (placement: Placement): HostId | undefined =>
  placement.kind === "placed" ? placement.host : undefined;

describe("planPlacement", () => {
  it("spreads to the emptiest host and packs to the fullest", () => {
    const used = { allocatedVcpuCount: 16, allocatedMemoryBytes: 32 * GIB, freeSlots: [slotOf(1)] };
    const hosts = [buildCandidate("h1", used), buildCandidate("h2")];
    assert.equal(hostOf(place(hosts)), "h2");
    assert.equal(hostOf(place(hosts, buildNeeds({ policy: "pack" }))), "h1");
  });

  it("sends VMs with different names to different hosts of those that are alike", () => {
    const hosts = Array.from({ length: 50 }, (_, at) => buildCandidate(`h${at}`));
    const chosen = Array.from({ length: 50 }, (_, at) =>
      hostOf(place(hosts, buildNeeds({ vm: parseVmId(`vm-${at}`) }))),
    );
    // 50 balls in 50 bins fill 32 of them on average; 22 would be five standard deviations below.
    assert.ok(new Set(chosen).size > 22, `${new Set(chosen).size} hosts`);
  });

  it("keeps slots with many queue pairs for VMs that need them", () => {
    const freeSlots = [slotOf(1, { maxVqp: 8 }), slotOf(0, { maxVqp: 32 })];
    const placement = place([buildCandidate("h1", { freeSlots })]);
    assert.ok(placement.kind === "placed");
    assert.equal(placement.nics[0]?.maxVqp, 8);
    const scarce = buildCandidate("h1", { freeSlots: [slotOf(0, { maxVqp: 32 })], slotCount: 1 });
    const plain = buildCandidate("h2", { freeSlots: [slotOf(0, { maxVqp: 4 })], slotCount: 1 });
    assert.equal(hostOf(place([scarce, plain])), "h2");
  });

  it("gives as many queue pairs as vCPUs and slot allow when the VM leaves it open", () => {
    const needs = buildNeeds({ nics: [nicNeed({ queuePairs: 0 })], vcpuCount: 24 });
    const placement = place([buildCandidate("h1")], needs);
    assert.ok(placement.kind === "placed");
    assert.equal(placement.nics[0]?.queuePairs, 16);
  });

  it("gives each NIC of a VM a slot of its own that has the queue pairs it asks for", () => {
    const freeSlots = [4, 8, 16].map((maxVqp, at) => slotOf(at, { maxVqp }));
    const host = buildCandidate("h1", { slotCount: 3, freeSlots });
    const nicsOf = (...pairs: readonly number[]) =>
      pairs.map((queuePairs) => nicNeed({ queuePairs }));
    const placement = place([host], buildNeeds({ vcpuCount: 16, nics: nicsOf(0, 16, 8) }));
    assert.ok(placement.kind === "placed");
    assert.deepEqual(
      placement.nics.map(({ vfIndex, queuePairs }) => [vfIndex, queuePairs]),
      [
        [0, 4],
        [2, 16],
        [1, 8],
      ],
    );
    const greedy = place([host], buildNeeds({ vcpuCount: 16, nics: nicsOf(16, 16) }));
    assert.ok(greedy.kind === "no-host");
    assert.equal(greedy.reasons[0]?.filter, "queues");
    const many = place([host], buildNeeds({ nics: nicsOf(1, 1, 1, 1) }));
    assert.ok(many.kind === "no-host");
    assert.equal(many.reasons[0]?.needs, "4 free slots");
  });

  it("begins with other slots of a host after plans that were stale, and with fitting ones only", () => {
    const freeSlots = [
      ...Array.from({ length: 32 }, (_, at) => slotOf(at, { maxVqp: 8 })),
      slotOf(32, { maxVqp: 16 }),
    ];
    const candidates = [buildCandidate("h1", { freeSlots, slotCount: 33 })];
    const needs = buildNeeds({ nics: [nicNeed(), nicNeed()] });
    const vfs = new Set<number>();
    for (let staleCount = 1; staleCount <= 20; staleCount += 1) {
      const placement = planPlacement({ needs, candidates, staleCount });
      assert.ok(placement.kind === "placed");
      const [one, other] = placement.nics.map(({ vfIndex }) => vfIndex);
      assert.notEqual(one, other);
      assert.ok(one !== undefined && one < 32);
      vfs.add(one);
    }
    assert.ok(vfs.size > 10, `${vfs.size} slots`);
  });

  it("gives a VM with NICs by SR-IOV to a host in that mode, whatever its bridge", () => {
    const freeSlots = [slotOf(0, { kind: "sriov", maxVqp: 0 })];
    const sriov = buildCandidate("h2", { mode: "sriov", bridge: undefined, freeSlots });
    const needs = buildNeeds({ nics: [nicNeed({ kind: "sriov", queuePairs: 0 })] });
    assert.equal(hostOf(place([buildCandidate("h1"), sriov], needs)), "h2");
    assert.equal(hostOf(place([sriov, buildCandidate("h1")])), "h1");
  });

  it("prefers the NUMA node of the NIC, keeps to it where that is required, and forgets it where told", () => {
    const freeSlots = [slotOf(0, { numaNode: 0, maxVqp: 8 }), slotOf(1)];
    const numaNodes = [
      { node: 0, threadCount: 2, memoryBytes: 32 * GIB },
      { node: 1, threadCount: 16, memoryBytes: 32 * GIB },
    ];
    const host = buildCandidate("h1", { freeSlots, numaNodes });
    const vfOf = (placement: Placement) =>
      placement.kind === "placed" ? placement.nics[0]?.vfIndex : undefined;
    assert.equal(vfOf(place([host])), 1);
    assert.equal(vfOf(place([host], buildNeeds({ numa: "any" }))), 0);
    const required = place([host], buildNeeds({ numa: "required", vcpuCount: 20 }));
    assert.ok(required.kind === "no-host");
    assert.equal(required.reasons[0]?.filter, "numa");
    const far = buildCandidate("h2", { freeSlots: [slotOf(0, { numaNode: 0 })], numaNodes });
    const near = buildCandidate("h1", { freeSlots: [slotOf(0)], numaNodes });
    assert.equal(hostOf(place([far, near])), "h1");
  });

  it("prefers a host with the image among hosts that are alike", () => {
    const image = { id: parseImageId("rocky9") };
    const hosts = ["h1", "h2", "h3"].map((name) =>
      buildCandidate(name, { images: new Set(name === "h2" ? [image.id] : []) }),
    );
    assert.equal(hostOf(place(hosts, buildNeeds({ image }))), "h2");
  });

  it("answers with the filter and the numbers of every host when none will do", () => {
    const hosts = [
      buildCandidate("a-lost", { isConnected: false }),
      buildCandidate("b-busy", { isReady: false }),
      buildCandidate("b-cordoned", { isSchedulable: false }),
      buildCandidate("c-arm", { architecture: "aarch64" }),
      buildCandidate("c-label", { labels: { rack: "b" } }),
      buildCandidate("d-bare", { mode: undefined, bridge: undefined }),
      buildCandidate("d-other", { bridge: "br-ex" }),
      buildCandidate("d-sriov", { mode: "sriov", bridge: undefined, freeSlots: [] }),
      buildCandidate("e-full", { freeSlots: [], residents: [resident("old")] }),
      buildCandidate("f-queues", { freeSlots: [slotOf(0, { maxVqp: 2 })] }),
      buildCandidate("g-vcpu", { allocatedVcpuCount: 30 }),
      buildCandidate("h-memory", {
        residents: [
          resident("small", { memoryBytes: GIB }),
          resident("vm3", { memoryBytes: 57 * GIB }),
        ],
      }),
    ];
    const image = { id: parseImageId("rocky9"), architecture: "x86_64" as const };
    const placement = place(hosts, buildNeeds({ hostSelector: { rack: "a" }, image }));
    assert.ok(placement.kind === "no-host");
    assert.deepEqual(
      placement.reasons.map(({ host, filter, found, needs, change }) => [
        host,
        filter,
        found,
        needs,
        change,
      ]),
      [
        ["a-lost", "connected", "no heartbeat", "a connected agent", "its agent connects again"],
        ["b-busy", "ready", "busy with an exclusive job", "a ready host", "that job ends"],
        [
          "b-cordoned",
          "cordoned",
          "cordoned",
          "a host that takes new VMs",
          "swy host uncordon b-cordoned",
        ],
        [
          "c-arm",
          "architecture",
          "aarch64",
          "x86_64, as image rocky9 is for",
          "an image for aarch64",
        ],
        ["c-label", "labels", "rack=b", "rack=a", "swy host label c-label rack=a"],
        [
          "d-bare",
          "bridge",
          "no datapath applied",
          "mode vdpa on bridge cxbr0",
          "a profile with that datapath is applied to it",
        ],
        [
          "d-other",
          "bridge",
          "bridge br-ex",
          "mode vdpa on bridge cxbr0",
          "a network on bridge br-ex",
        ],
        ["d-sriov", "mode", "mode sriov", "mode vdpa", "swy host set-mode d-sriov vdpa"],
        [
          "e-full",
          "slots",
          "0 of 2 slots free",
          "1 free slot",
          "1 more free slot, or deleting old",
        ],
        [
          "f-queues",
          "queues",
          "max_vqp 2",
          "4 queue pairs",
          "2 queue pairs or fewer, or a profile with max_vqp 4",
        ],
        ["g-vcpu", "vcpu", "2 vCPUs free", "4 vCPUs", "2 more vCPUs"],
        [
          "h-memory",
          "memory",
          "2048 MiB free",
          "4096 MiB",
          "2048 MiB more memory, or deleting vm3",
        ],
      ],
    );
  });
});

describe("affinity", () => {
  const web = resident("web-1", { labels: { app: "web" }, affinity: [grouped("apart", "web")] });
  const hosts = [buildCandidate("h1", { residents: [web] }), buildCandidate("h2")];

  it("keeps VMs of one group apart or together where that is required", () => {
    const apart = buildNeeds({ affinity: [grouped("apart", "web")] });
    assert.equal(hostOf(place(hosts, apart)), "h2");
    assert.equal(hostOf(place(hosts.slice(0, 1), apart)), undefined);
    const db = resident("db-1", { affinity: [grouped("together", "db")] });
    const withDb = [buildCandidate("h1", { residents: [db] }), buildCandidate("h2")];
    const together = buildNeeds({ affinity: [grouped("together", "db")] });
    for (const vm of ["a", "b", "c", "d"]) {
      assert.equal(hostOf(place(withDb, { ...together, vm: parseVmId(vm) })), "h1");
    }
  });

  it("lets the first of a group that shall be together go anywhere", () => {
    const needs = buildNeeds({ affinity: [grouped("together", "db")] });
    assert.ok(hostOf(place(hosts, needs)));
  });

  it("goes by labels, and keeps a VM away from one that wants to be apart from it", () => {
    const byLabel = buildNeeds({ affinity: [labelled("together", { app: "web" })] });
    assert.equal(hostOf(place(hosts, byLabel)), "h1");
    const shy = resident("shy", { affinity: [labelled("apart", { app: "batch" })] });
    const refusing = [buildCandidate("h1", { residents: [shy] }), buildCandidate("h2")];
    for (const vm of ["a", "b", "c", "d"]) {
      const batch = buildNeeds({ vm: parseVmId(vm), labels: { app: "batch" } });
      assert.equal(hostOf(place(refusing, batch)), "h2");
    }
    const placement = place(refusing.slice(0, 1), buildNeeds({ labels: { app: "batch" } }));
    assert.ok(placement.kind === "no-host");
    assert.equal(placement.reasons[0]?.change, "shy elsewhere");
  });

  it("counts a preferred rule more than load, and goes elsewhere where it can't be kept", () => {
    const full = buildCandidate("h1", {
      residents: [resident("web-2", { affinity: [grouped("together", "web", "preferred")] })],
      allocatedVcpuCount: 24,
      freeSlots: [slotOf(0)],
    });
    const near = buildNeeds({ affinity: [grouped("together", "web", "preferred")] });
    assert.equal(hostOf(place([full, buildCandidate("h2")], near)), "h1");
    assert.equal(hostOf(place([buildCandidate("h2")], near)), "h2");
    const away = buildNeeds({ affinity: [grouped("apart", "web", "preferred")] });
    assert.equal(hostOf(place([full], away)), "h1");
  });
});

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

  it("counts huge pages of each size and ordinary memory apart", () => {
    const pages = [{ sizeBytes: GIB, count: 8 }];
    const host = buildCandidate("a", { hugepages: pages });
    const inPages = (gib: number, sizeBytes = GIB) =>
      buildNeeds({ memoryBytes: gib * GIB, hugepageBytes: sizeBytes });
    assert.equal(place([host], inPages(8)).kind, "placed");
    const full = { ...host, residents: [resident("big", { memoryBytes: 60 * GIB })] };
    assert.equal(place([full], inPages(8)).kind, "placed");
    assert.equal(place([full], buildNeeds()).kind, "no-host");
    const held = resident("paged", { memoryBytes: 6 * GIB, hugepageBytes: GIB });
    const refused = place([{ ...host, residents: [held] }], inPages(4));
    assert.ok(refused.kind === "no-host");
    assert.deepEqual(refused.reasons, [
      {
        host: "a",
        filter: "memory",
        found: "2048 MiB free in huge pages of 1024 MiB",
        needs: "4096 MiB in huge pages of 1024 MiB",
        change: "2048 MiB more memory in huge pages of 1024 MiB, or deleting paged",
      },
    ]);
    assert.equal(place([host], inPages(1, 2 * 1024 ** 2)).kind, "no-host");
  });
});

describe("explainPlacement", () => {
  it("tells of every host what it scores, or everything that refuses it", () => {
    const hosts = [
      buildCandidate("h1", { allocatedVcpuCount: 16 }),
      buildCandidate("h2"),
      buildCandidate("h3", { isConnected: false, allocatedVcpuCount: 32, freeSlots: [] }),
    ];
    const verdicts = explainPlacement({ needs: buildNeeds(), candidates: hosts });
    assert.deepEqual(
      verdicts.map(({ candidate, kind }) => [candidate.host, kind]),
      [
        ["h2", "fits"],
        ["h1", "fits"],
        ["h3", "refused"],
      ],
    );
    const [best, , refused] = verdicts;
    assert.ok(best?.kind === "fits");
    const sum = best.scores.reduce((total, { score, weight }) => total + score * weight, 0);
    assert.ok(Math.abs(sum - best.total) < 1e-9);
    assert.deepEqual(best.place, place(hosts));
    assert.ok(refused?.kind === "refused");
    assert.deepEqual(
      refused.refusals.map(({ filter }) => filter),
      ["connected", "slots", "vcpu"],
    );
  });

  it("says how many slots a NUMA node is short of", () => {
    const freeSlots = [slotOf(0), slotOf(1, { numaNode: 0 })];
    const host = buildCandidate("h1", { freeSlots });
    const needs = buildNeeds({ numa: "required", nics: [nicNeed(), nicNeed()] });
    const [verdict] = explainPlacement({ needs, candidates: [host] });
    assert.ok(verdict?.kind === "refused");
    assert.deepEqual(verdict.refusals, [
      {
        filter: "numa",
        found:
          "node 0: 1 free slot, 16 CPU threads, 32768 MiB; node 1: 1 free slot, 16 CPU threads, 32768 MiB",
        needs: "one NUMA node with 2 free slots, 4 CPU threads and 4096 MiB",
        change: "1 more free slot on NUMA node 0, or numa preferred",
      },
    ]);
  });

  it("gives the slots that the VM would take, over two ports", () => {
    const other = pciAddress("0000:82:00.1");
    const freeSlots = [slotOf(0), slotOf(0, { pf: other })];
    const needs = buildNeeds({ nics: [nicNeed(), nicNeed()] });
    const [verdict] = explainPlacement({
      needs,
      candidates: [buildCandidate("h1", { freeSlots })],
    });
    assert.ok(verdict?.kind === "fits");
    assert.deepEqual(
      verdict.place.nics.map(({ pf }) => pf),
      ["0000:82:00.0", "0000:82:00.1"],
    );
  });
});
