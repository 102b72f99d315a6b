import { systemRandom } from "@switchyard/runtime";

const SEED_MAX = 2 ** 32;

/**
 * The seed of this test process: `SEED` from the environment, else a new one. Printed on stderr, so that a
 * failure can be run again with the same chance.
 */
export function testSeed(): number {
  const given = process.env["SEED"];
  const seed = given === undefined ? Math.floor(systemRandom.float() * SEED_MAX) : Number(given);
  if (!Number.isInteger(seed) || seed < 0 || seed >= SEED_MAX) {
    throw new Error(`SEED must be an integer from 0 to 2^32 - 1, found "${given}"`);
  }
  process.stderr.write(`# SEED=${seed}\n`);
  return seed;
}
