import type { FleetAffinity } from "../affinity.ts";
import type { CandidateHost } from "../candidate.ts";
import type { PlacementNeeds } from "../needs.ts";

export const FILTER_NAMES = [
  "experiment",
  "connected",
  "cordoned",
  "ready",
  "architecture",
  "labels",
  "mode",
  "bridge",
  "slots",
  "queues",
  "numa",
  "vcpu",
  "memory",
  "runtime",
  "affinity",
] as const;
export type FilterName = (typeof FILTER_NAMES)[number];

/** Why a filter refuses a host, with its numbers. */
export interface Refusal {
  readonly filter: FilterName;
  readonly found: string;
  readonly needs: string;
  /** What would have to be otherwise for the filter to pass. */
  readonly change: string;
}

/** Why a host can't take a VM: the first filter it fails. */
export interface RejectedHost extends Refusal {
  readonly host: string;
}

export type Verdict = Omit<Refusal, "filter"> | undefined;

/** @param around the VM's rules against the fleet that the host is part of */
export type Filter = (host: CandidateHost, needs: PlacementNeeds, around: FleetAffinity) => Verdict;
