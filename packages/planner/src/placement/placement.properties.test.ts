import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type AffinityRule, PLACEMENT_POLICIES, parseVmId } from "@switchyard/model";
import { type Random, seededRandom } from "@switchyard/runtime";
import { isMeant } from "./affinity.ts";
import { type CandidateHost, freeMemoryBytes, freeVcpuCount, orderSlots } from "./candidate.ts";
import { explainPlacement } from "./explain.ts";
import { createJudgements } from "./judgements.ts";
import type { PlacementNeeds } from "./needs.ts";
import { planPlacement, withResident } from "./plan-placement.ts";
import { refusedByRules } from "./refused-by-rules.ts";
import {
  buildCandidate,
  buildNeeds,
  GIB,
  grouped,
  labelled,
  nicNeed,
  slotOf,
} from "./testing/candidates.ts";

const SEEDS = Array.from({ length: 150 }, (_, seed) => seed);
const VMS = 30;
const KINDS_ASKED_AGAIN = 3;

const below = (random: Random, limit: number): number => Math.floor(random.float() * limit);

function randomFleet(random: Random): readonly CandidateHost[] {
  return Array.from({ length: 1 + below(random, 5) }, (_, index) => {
    const slotCount = 1 + below(random, 6);
    const slots = Array.from({ length: slotCount }, (_, vfIndex) =>
      slotOf(vfIndex, { maxVqp: 1 + below(random, 32), numaNode: below(random, 2) }),
    );
    return buildCandidate(`h${index}`, {
      slotCount,
      freeSlots: orderSlots(slots),
      threadCount: 1 + below(random, 32),
      memoryBytes: (1 + below(random, 64)) * GIB,
    });
  });
}

function randomRule(random: Random): AffinityRule {
  const kind = random.float() < 0.6 ? "apart" : "together";
  const strength = random.float() < 0.5 ? "required" : "preferred";
  return random.float() < 0.5
    ? grouped(kind, `g${below(random, 3)}`, strength)
    : labelled(kind, { app: `a${below(random, 3)}` }, strength);
}

function randomNeeds(random: Random, name: string): PlacementNeeds {
  const vcpuCount = 1 + below(random, 8);
  return buildNeeds({
    vm: parseVmId(name),
    vcpuCount,
    memoryBytes: (1 + below(random, 8)) * GIB,
    nics: Array.from({ length: 1 + below(random, 3) }, () =>
      nicNeed({ queuePairs: below(random, vcpuCount + 1) }),
    ),
    numa: (["required", "preferred", "any"] as const)[below(random, 3)] ?? "any",
    policy: PLACEMENT_POLICIES[below(random, 2)] ?? "spread",
    labels: random.float() < 0.5 ? { app: `a${below(random, 3)}` } : {},
    affinity: Array.from({ length: below(random, 3) }, () => randomRule(random)),
  });
}

/** Places VMs one after the other as far as they fit, and shows each with the fleet before it. */
function fill(
  seed: number,
  look: (needs: PlacementNeeds, fleet: readonly CandidateHost[]) => void = () => undefined,
): readonly CandidateHost[] {
  const random = seededRandom(seed);
  let fleet = randomFleet(random);
  for (let at = 0; at < VMS; at += 1) {
    const needs = randomNeeds(random, `vm-${at}`);
    look(needs, fleet);
    const placement = planPlacement({ needs, candidates: fleet });
    if (placement.kind === "no-host") {
      assert.equal(placement.reasons.length, fleet.length, `seed ${seed}`);
      continue;
    }
    fleet = fleet.map((host) =>
      host.host === placement.host ? withResident(host, placement, needs) : host,
    );
  }
  return fleet;
}

describe("placements on any fleet", () => {
  it("never exceed what a host has", () => {
    for (const seed of SEEDS) {
      for (const host of fill(seed)) {
        assert.ok(
          freeVcpuCount(host) >= 0 && freeMemoryBytes(host, undefined) >= 0,
          `seed ${seed}`,
        );
        const taken = host.residents.reduce((sum, { slotCount }) => sum + slotCount, 0);
        assert.equal(host.freeSlots.length + taken, host.slotCount, `seed ${seed}`);
      }
    }
  });

  it("leave no two VMs on one host of which one requires to be apart from the other", () => {
    for (const seed of SEEDS) {
      for (const { residents } of fill(seed)) {
        for (const vm of residents) {
          const apart = vm.affinity.filter(
            ({ kind, strength }) => kind === "apart" && strength === "required",
          );
          const others = residents.filter((other) => other !== vm);
          const broken = others.filter((other) =>
            apart.some(({ target }) => isMeant(target, other)),
          );
          assert.deepEqual(broken, [], `seed ${seed}: ${vm.vm}`);
        }
      }
    }
  });

  it("are the same whatever the order of the candidates", () => {
    for (const seed of SEEDS) {
      fill(seed, (needs, fleet) => {
        const reversed = [...fleet].reverse();
        assert.deepEqual(
          planPlacement({ needs, candidates: reversed }),
          planPlacement({ needs, candidates: fleet }),
          `seed ${seed}`,
        );
      });
    }
  });

  it("are the same whatever is remembered from VMs before", () => {
    for (const seed of SEEDS) {
      const judgements = createJudgements();
      const asked: PlacementNeeds[] = [];
      fill(seed, (needs, candidates) => {
        if (asked.length < KINDS_ASKED_AGAIN) asked.push(needs);
        for (const each of [...asked, needs]) {
          const again = { needs: { ...each, vm: needs.vm }, candidates };
          assert.deepEqual(
            planPlacement({ ...again, judgements }),
            planPlacement(again),
            `seed ${seed}`,
          );
        }
      });
    }
  });

  it("are explained as they are made: the first that fits is chosen, and none fits where none is", () => {
    for (const seed of SEEDS) {
      fill(seed, (needs, fleet) => {
        const [best] = explainPlacement({ needs, candidates: fleet });
        const placement = planPlacement({ needs, candidates: fleet });
        if (placement.kind === "placed")
          assert.deepEqual(best?.kind === "fits" && best.place, placement);
        else assert.equal(best?.kind, "refused", `seed ${seed}`);
      });
    }
  });

  it("give each NIC a slot that has its queue pairs, and keep to one NUMA node where that is required", () => {
    for (const seed of SEEDS) {
      fill(seed, (needs, fleet) => {
        const placement = planPlacement({ needs, candidates: fleet });
        if (placement.kind === "no-host") return;
        const keys = placement.nics.map(({ pf, vfIndex }) => `${pf} ${vfIndex}`);
        assert.equal(new Set(keys).size, needs.nics.length, `seed ${seed}`);
        for (const { queuePairs, maxVqp } of placement.nics) {
          assert.ok(queuePairs <= Math.min(needs.vcpuCount, maxVqp), `seed ${seed}`);
        }
        if (needs.numa !== "required") return;
        assert.equal(new Set(placement.nics.map(({ numaNode }) => numaNode)).size, 1);
      });
    }
  });

  it("pass the check of rules that is made again where hosts are locked", () => {
    for (const seed of SEEDS) {
      fill(seed, (needs, fleet) => {
        const placement = planPlacement({ needs, candidates: fleet });
        if (placement.kind === "no-host") return;
        const planned = [{ needs, host: placement.host }];
        assert.deepEqual(refusedByRules(planned, fleet), [], `seed ${seed}`);
      });
    }
  });
});
