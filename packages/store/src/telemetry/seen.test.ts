import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededRandom } from "@switchyard/runtime";
import { addSeen, formatSeen, hasSeen, parseSeen, type Seen } from "./seen.ts";

const SEED = Number(process.env["SEED"] ?? 20_261_127);

describe("numbers seen", () => {
  it(`are each there once they came, in whatever order (seed ${SEED})`, () => {
    const random = seededRandom(SEED);
    const numbers = Array.from({ length: 60 }, (_, index) => index + 1);
    numbers.sort(() => random.float() - 0.5);
    let seen: Seen = [];
    for (const [index, number] of numbers.entries()) {
      assert.ok(!hasSeen(seen, number));
      seen = parseSeen(formatSeen(addSeen(seen, number)));
      const missing = numbers.slice(index + 1).filter((each) => hasSeen(seen, each));
      assert.deepEqual(missing, []);
    }
    assert.equal(formatSeen(seen), "{[1,61)}");
  });

  it("forget the oldest gap rather than grow without end", () => {
    const seen = Array.from({ length: 1_000 }, (_, index) => 2 * index + 1).reduce<Seen>(
      addSeen,
      [],
    );
    assert.equal(seen.length, 64);
    assert.ok(hasSeen(seen, 2) && !hasSeen(seen, 1_996));
  });
});
