import { type Clock, seededRandom, systemClock } from "@switchyard/runtime";
import type { HttpServers } from "./http/http.ts";
import { SimWire } from "./l2/wire.ts";
import { createMachine, type MachineOptions } from "./machine/create.ts";
import type { MachineOverrides } from "./machine/spec.ts";
import { SimHost, type SimHostOptions } from "./sim-host.ts";
import type { SimWeb } from "./web/sim-web.ts";

/** Hosts of one fleet at most: names have at most four digits. */
const HOSTS_MAX = 9999;

export type CreateSimHostOptions = MachineOptions & Omit<SimHostOptions, "machine">;

/** One simulated R740, switched on, nothing configured. */
export function createSimHost(options: CreateSimHostOptions = {}): SimHost {
  const { faults, latencies, onEffect, onCrash, onReboot, ...machine } = options;
  return new SimHost({
    machine: createMachine(machine),
    ...(faults === undefined ? {} : { faults }),
    ...(latencies === undefined ? {} : { latencies }),
    ...(onEffect === undefined ? {} : { onEffect }),
    ...(onCrash === undefined ? {} : { onCrash }),
    ...(onReboot === undefined ? {} : { onReboot }),
  });
}

export interface SimFleetOptions {
  /** 1 to 9999. */
  readonly hosts: number;
  /** Position of the first host, from 1; a fleet that is spread over processes has one part in each. */
  readonly firstPosition?: number;
  /** Decides every id, serial and address of the fleet; the same seed gives the same fleet. */
  readonly seed: number;
  readonly clock?: Clock;
  /** What differs on one host, by its name. */
  readonly overrides?: Readonly<Record<string, MachineOverrides>>;
  /** Servers all hosts can download from. */
  readonly web?: SimWeb;
  /** Hooks and latencies of all hosts. */
  readonly host?: Omit<CreateSimHostOptions, keyof MachineOptions>;
}

/** Simulated hosts whose first uplinks meet on one wire. */
export interface SimFleet {
  readonly wire: SimWire;
  /** `r740-01`, `r740-02` … in order. */
  readonly hosts: readonly SimHost[];
  /** @throws RangeError for a name that is not in the fleet */
  host(name: string): SimHost;
}

const hostName = (position: number): string => `r740-${String(position).padStart(2, "0")}`;

/** Builds a fleet; the caller pairs each host with an agent. @throws RangeError */
export function createSimFleet(options: SimFleetOptions): SimFleet {
  const { firstPosition = 1 } = options;
  const lastPosition = firstPosition + options.hosts - 1;
  if (!(options.hosts >= 1 && firstPosition >= 1 && lastPosition <= HOSTS_MAX)) {
    throw new RangeError(`a fleet has 1 to ${HOSTS_MAX} hosts, not ${options.hosts}`);
  }
  const wire = new SimWire();
  const clock = options.clock ?? systemClock;
  const web = options.web === undefined ? {} : { web: options.web };
  const bmcs: HttpServers = new Map();
  const managementPorts: MachineOptions["managementPorts"] = new Map();
  const byName = new Map<string, SimHost>();
  for (let position = firstPosition; position <= lastPosition; position += 1) {
    const name = hostName(position);
    const random = seededRandom(options.seed * HOSTS_MAX + position);
    const overrides = options.overrides?.[name] ?? {};
    const host = createSimHost({
      ...options.host,
      name,
      position,
      clock,
      random,
      wire,
      overrides,
      bmcs,
      managementPorts,
      ...web,
    });
    byName.set(name, host);
  }
  const host = (name: string): SimHost => {
    const found = byName.get(name);
    if (found === undefined) throw new RangeError(`no host named ${name} in this fleet`);
    return found;
  };
  return { wire, hosts: [...byName.values()], host };
}
