import {
  ETHERNET_MTU,
  MTU_LIMITS,
  type PortSettings,
  type RateLimit,
  VLAN_LIMITS,
} from "@switchyard/model";
import type { NetworkSpec, RateLimit as ProtoRateLimit } from "@switchyard/proto";
import { checkInteger } from "./fields.ts";
import type { Violations } from "./violations.ts";

/** Open vSwitch counts thousands of bits. @see ovs-vswitchd.conf.db(5), ingress_policing_rate */
const UNIT_BITS = 1000n;
const RATE_LIMITS = { min: 1_000_000n, max: 400_000_000_000n };
const BURST_LIMITS = { min: UNIT_BITS, max: 10_000_000_000n };

/** What a burst of nothing said is: what the rate carries in 10 ms, and a few full frames at least. */
const BURST_DIVISOR = 100n;
const BURST_DEFAULT_MIN = 1_000_000n;

const maxOf = (left: bigint, right: bigint): bigint => (left > right ? left : right);

function checkAmount(
  violations: Violations,
  field: string,
  amount: { readonly value: bigint; readonly min: bigint; readonly max: bigint },
): void {
  const { value, min, max } = amount;
  violations.check(value >= min && value <= max, field, `is ${value}; must be ${min} to ${max}`);
  violations.check(value % UNIT_BITS === 0n, field, `must be a multiple of ${UNIT_BITS}`);
}

function readRateLimit(
  limit: ProtoRateLimit | undefined,
  violations: Violations,
): RateLimit | undefined {
  if (limit === undefined) return undefined;
  const { bitsPerSecond } = limit;
  const usual = maxOf(BURST_DEFAULT_MIN, bitsPerSecond / BURST_DIVISOR);
  const burst = limit.burstBits === 0n ? usual - (usual % UNIT_BITS) : limit.burstBits;
  checkAmount(violations, "bits_per_second", { value: bitsPerSecond, ...RATE_LIMITS });
  checkAmount(violations, "burst_bits", { value: burst, ...BURST_LIMITS });
  return { bitsPerSecond: Number(bitsPerSecond), burstBits: Number(burst) };
}

/** What a network asks of its ports; 0 stands for what is usual. */
export function readPortSettings(spec: NetworkSpec, violations: Violations): PortSettings {
  const mtu = spec.mtuBytes === 0 ? ETHERNET_MTU : spec.mtuBytes;
  checkInteger(violations, "mtu_bytes", { value: mtu, ...MTU_LIMITS });
  if (spec.vlan !== 0) checkInteger(violations, "vlan", { value: spec.vlan, ...VLAN_LIMITS });
  const sendLimit = readRateLimit(spec.sendLimit, violations.at("send_limit"));
  const receiveLimit = readRateLimit(spec.receiveLimit, violations.at("receive_limit"));
  return {
    ...(spec.vlan !== 0 && { vlan: spec.vlan }),
    mtu,
    hasAntiSpoof: spec.antiSpoof,
    ...(sendLimit !== undefined && { sendLimit }),
    ...(receiveLimit !== undefined && { receiveLimit }),
  };
}
