import type { SwitchyardClient } from "@switchyard/client";
import { METRICS } from "@switchyard/model";

/** One thing that could be typed, and what it is. */
export interface Candidate {
  readonly value: string;
  readonly summary: string;
}

/** Names fetched of one collection; a shell shows no more of use. */
const NAMES_MAX = 500;

const page = { pageSize: NAMES_MAX };
const idOf = (name: string): string => name.slice(name.lastIndexOf("/") + 1);
const named = (items: readonly { readonly name: string }[], summary = ""): readonly Candidate[] =>
  items.map(({ name }) => ({ value: idOf(name), summary }));

type Fetch = (client: SwitchyardClient) => Promise<readonly Candidate[]>;

/** Where names come from, by what help calls the argument or the option's value. */
export const LIVE_NAMES: Readonly<Record<string, Fetch>> = {
  // Needs nobody to be asked: all releases know their own.
  metric: async () =>
    Object.entries(METRICS).map(([value, { help }]) => ({ value, summary: help })),
  host: async ({ hosts }) => named((await hosts.listHosts(page)).hosts),
  vm: async ({ vms }) => {
    const found = (await vms.listVms(page)).vms;
    return found.map(({ name, allocation }) => ({
      value: idOf(name),
      summary: allocation === undefined ? "" : `on ${idOf(allocation.host)}`,
    }));
  },
  network: async ({ networks }) => named((await networks.listNetworks(page)).networks),
  image: async ({ images }) => named((await images.listImages(page)).images),
  profile: async ({ profiles }) => named((await profiles.listProfiles(page)).profiles),
  experiment: async ({ experiments }) =>
    named((await experiments.listExperiments(page)).experiments),
  /** What can be compared. */
  subject: async ({ experiments }) => {
    const { REFERENCE_NAMES } = await import("@switchyard/analysis");
    const published = REFERENCE_NAMES.map((value) => ({ value, summary: "published figures" }));
    return [...named((await experiments.listExperiments(page)).experiments), ...published];
  },
  plan: async ({ plans }) => {
    const found = (await plans.listPlans(page)).plans;
    return found.map(({ name, host }) => ({ value: idOf(name), summary: `of ${idOf(host)}` }));
  },
  job: async ({ jobs }) => {
    const found = (await jobs.listJobs(page)).jobs;
    return found.map(({ name, host }) => ({ value: idOf(name), summary: `on ${idOf(host)}` }));
  },
};
