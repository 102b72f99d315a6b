import type { MainJob } from "../main-job/main-job.ts";
import type { Report } from "../main-job/report.ts";
import type { Stack } from "../stack/stack.ts";
import type { Swy } from "./swy.ts";

/** What every part of the demo works with. */
export interface DemoContext {
  readonly stack: Stack;
  readonly report: Report;
  readonly job: MainJob;
  readonly swy: Swy;
}

export const PROFILE = "cx6dx-vdpa";
export const NETWORK = "lan";
export const IMAGE = "rocky9";

/** Last part of a name. */
export const shortName = (name: string): string => name.slice(name.lastIndexOf("/") + 1);
