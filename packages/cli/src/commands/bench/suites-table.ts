import type { ExperimentSpec } from "@switchyard/client";

/** How long and how often, by a name. */
export interface Suite {
  readonly name: string;
  readonly summary: string;
  readonly spec: Partial<ExperimentSpec>;
}

const seconds = (count: number) => ({ seconds: BigInt(count), nanos: 0 });

/** From the shortest to the longest. */
export const SUITES: readonly Suite[] = [
  {
    name: "quick",
    summary: "shows that everything works; too few rounds to tell modes apart",
    spec: {
      roundCount: 2,
      duration: seconds(2),
      warmUp: seconds(1),
      idle: seconds(1),
      pingCount: 50,
    },
  },
  {
    name: "standard",
    summary: "throughput and latency; what is run unless told otherwise",
    spec: {
      roundCount: 5,
      duration: seconds(10),
      warmUp: seconds(3),
      idle: seconds(3),
      pingCount: 100,
    },
  },
  {
    name: "seed",
    summary: "as the seed procedure measured: one stream, 30 s",
    spec: {
      roundCount: 5,
      duration: seconds(30),
      warmUp: seconds(3),
      idle: seconds(3),
      pingCount: 100,
      streamCount: 1,
    },
  },
  {
    name: "efficiency",
    summary: "power too: long enough for slow sensors, against two minutes without load",
    spec: {
      roundCount: 5,
      duration: seconds(60),
      warmUp: seconds(10),
      idle: seconds(120),
      pingCount: 200,
    },
  },
];
