import { randomBytes, randomFillSync } from "node:crypto";
import type { Clock } from "./clock.ts";

/** The only source of chance. */
export interface Random {
  /** Uniform in [0, 1). */
  float(): number;
  /** `size` random bytes, lower-case hex. */
  hex(size: number): string;
}

export const systemRandom: Random = {
  float: () => randomFillSync(new Uint32Array(1))[0]! / 2 ** 32, // one element was asked for
  hex: (size) => randomBytes(size).toString("hex"),
};

/** Repeatable chance (mulberry32) for simulations and tests; never for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const float = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const octet = () =>
    Math.floor(float() * 256)
      .toString(16)
      .padStart(2, "0");
  return { float, hex: (size) => Array.from({ length: size }, octet).join("") };
}

/**
 * A new UUIDv7: 48 bits of time, then chance, so that ids sort by age.
 *
 * @see RFC 9562 section 5.7
 */
export function newUuid(clock: Clock, random: Random): string {
  const time = clock.nowMs().toString(16).padStart(12, "0").slice(-12);
  const chance = random.hex(10);
  const variant = ((parseInt(chance[3]!, 16) & 0x3) | 0x8).toString(16); // hex(10) is 20 digits
  const text = `${time}7${chance.slice(0, 3)}${variant}${chance.slice(4, 19)}`;
  return [
    text.slice(0, 8),
    text.slice(8, 12),
    text.slice(12, 16),
    text.slice(16, 20),
    text.slice(20),
  ].join("-");
}
