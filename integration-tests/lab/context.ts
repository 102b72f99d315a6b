import type { MainJob, Report } from "@switchyard/dev/main-job";
import type { Stack } from "@switchyard/dev/stack";
import type { LabHost, LabHostOptions } from "./lab-host.ts";

/** The image that VMs are made from, as a lab host fetches it. */
export interface ImageSource {
  readonly url: string;
  readonly sha256: string;
}

/** What a part of the lab works with: one lab host, one controller, and the verbs of the main job. */
export interface LabContext {
  readonly stack: Stack;
  readonly labHost: LabHost;
  readonly report: Report;
  readonly job: MainJob;
  /** `hosts/lab0`. */
  readonly host: string;
  readonly image: ImageSource;
  /** An image without cloud-init, for VMs that are measured. */
  readonly smallImage: ImageSource;
  /** Boots another lab host at the other end of this one's uplink. Whoever asks for it stops it. */
  readonly startNeighbour: (options?: Pick<LabHostOptions, "vdpaMacs">) => Promise<LabHost>;
}

/** One part of `./dev lab`. Each can run alone and leaves the host fit for any other. */
export interface LabPart {
  readonly name: string;
  readonly run: (context: LabContext) => Promise<void>;
}
