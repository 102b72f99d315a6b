import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type HostProfileSpec, type ProfileId, parseProfileId } from "@switchyard/model";
import type { RolloutRecord } from "@switchyard/store";
import { canBePutBack } from "./roll-back.ts";

const [BLUE, RED] = [parseProfileId("blue"), parseProfileId("red")];

/** A store that keeps these generations of each profile. */
const keeping = (kept: Readonly<Record<string, readonly number[]>>) => ({
  profiles: {
    findVersions: async (id: ProfileId, generations: readonly number[]) => {
      const found = generations.filter((generation) => kept[id]?.includes(generation));
      return new Map(found.map((generation) => [generation, {} as HostProfileSpec]));
    },
  },
});

const rollout = (...proven: readonly (readonly [ProfileId, number | undefined])[]) =>
  ({
    profiles: proven.map(([profile, provenGeneration]) => ({ profile, provenGeneration })),
  }) as unknown as RolloutRecord;

describe("canBePutBack", () => {
  it("holds where the proven version of every profile is still kept", async () => {
    const store = keeping({ blue: [3, 4], red: [7] });
    assert.equal(await canBePutBack(store, rollout([BLUE, 3], [RED, 7])), true);
    assert.equal(await canBePutBack(store, rollout([BLUE, 3], [RED, 6])), false);
    assert.equal(await canBePutBack(store, rollout([BLUE, 2])), false);
    assert.equal(await canBePutBack(store, rollout([BLUE, 3], [RED, undefined])), false);
  });
});
