import { busySeconds, busyThreads, uptimeSeconds } from "./load.ts";
import type { Machine } from "./machine.ts";

/*
 * Energy is what power adds up to, so it follows from times that only grow. The figures are those of an R740 with
 * two Xeon Gold 6148 (150 W each at full load): typical ones, measured on no machine.
 */

/** Watts of one package, its memory and the rest of the server while nothing runs. */
const PACKAGE_IDLE_WATTS = 42;
const DRAM_WATTS = 9;
const REST_WATTS = 96;
/** Joules of a CPU thread that is busy for a second. */
const THREAD_WATTS = 2.7;
/** What the power supplies make of what they take. */
const SUPPLY_SHARE = 0.93;

/** Since the boot. */
export const packageJoules = (machine: Machine): number =>
  PACKAGE_IDLE_WATTS * uptimeSeconds(machine) +
  (THREAD_WATTS * busySeconds(machine)) / machine.spec.cpu.socketCount;

/** Of the memory at one package. */
export const dramJoules = (machine: Machine): number => DRAM_WATTS * uptimeSeconds(machine);

/** Of the whole machine, at the wall. */
function hostJoules(machine: Machine): number {
  const { socketCount } = machine.spec.cpu;
  const inside =
    socketCount * (packageJoules(machine) + dramJoules(machine)) +
    REST_WATTS * uptimeSeconds(machine);
  return inside / SUPPLY_SHARE;
}

interface Reading {
  readonly bootId: string;
  readonly atMs: number;
  readonly joules: number;
  readonly watts: number;
}

/** A BMC looks at its sensor about once a second, and answers what it saw last. */
const SENSOR_MS = 1000;
const readings = new WeakMap<Machine, Reading>();

/** What the BMC's sensor shows, in whole watts; 0 while the machine is off. */
export function hostWatts(machine: Machine): number {
  if (machine.bmc.powerState === "Off") return 0;
  const atMs = machine.clock.nowMs();
  const joules = hostJoules(machine);
  const last = readings.get(machine);
  const isNew = last === undefined || last.bootId !== machine.boot.id;
  if (!isNew && atMs - last.atMs < SENSOR_MS) return last.watts;
  const watts = Math.round(
    isNew ? steadyWatts(machine) : (joules - last.joules) / ((atMs - last.atMs) / 1000),
  );
  readings.set(machine, { bootId: machine.boot.id, atMs, joules, watts });
  return watts;
}

/** Before there are two readings: what runs now, without traffic. */
function steadyWatts(machine: Machine): number {
  const { socketCount } = machine.spec.cpu;
  const inside =
    socketCount * (PACKAGE_IDLE_WATTS + DRAM_WATTS) +
    REST_WATTS +
    THREAD_WATTS * busyThreads(machine);
  return inside / SUPPLY_SHARE;
}

/** Degrees Celsius; the hotter the more CPUs are busy. */
export const packageCelsius = (machine: Machine): number => {
  const { socketCount, threadsPerSocket } = machine.spec.cpu;
  return 38 + 45 * Math.min(1, busyThreads(machine) / (socketCount * threadsPerSocket));
};
export const PACKAGE_CRITICAL_CELSIUS = 96;
export const CARD_CELSIUS = 58;
export const CARD_CRITICAL_CELSIUS = 105;
