import type { PublishedFigures } from "./published-figures.ts";

/** The text that Switchyard began with: its table "Basic Experimental Results", Gbit/s. */
const SEED: PublishedFigures = {
  name: "reference/seed",
  title: "ConnectX-6 Dx in two Dell R740, Rocky 9",
  source:
    'the guide to vDPA on ConnectX-6 that Switchyard was built from, "Basic Experimental Results"',
  method:
    "iperf 2, one stream, between two VMs (16 vCPUs, 32 GB) on two hosts of one rack; rounds and raw figures were not published",
  metric: "throughput",
  modes: {
    sriov: { typical: { low: 80, high: 80 }, seen: { low: 80, high: 80 }, note: "80" },
    vdpa: {
      typical: { low: 67, high: 70 },
      seen: { low: 50, high: 75 },
      note: "~67–70; mostly 70–75, sometimes 50–65",
    },
    "vdpa-sw": { typical: { low: 28, high: 28 }, seen: { low: 28, high: 28 }, note: "28" },
  },
};

const REFERENCES: readonly PublishedFigures[] = [SEED];

export const REFERENCE_NAMES: readonly string[] = REFERENCES.map(({ name }) => name);

export const findReference = (name: string): PublishedFigures | undefined =>
  REFERENCES.find((reference) => reference.name === name);
