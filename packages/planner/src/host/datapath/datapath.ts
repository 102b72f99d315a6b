import type { DesiredDatapath, DesiredSriovDatapath, DesiredVdpaDatapath } from "@switchyard/model";

export type Datapath = DesiredDatapath;
export type VdpaDatapath = DesiredVdpaDatapath;
export type SriovDatapath = DesiredSriovDatapath;

/** The datapath where it is one in vDPA mode: only that has bridge, queue pairs, hw-offload and bond. */
export const asVdpa = (datapath: Datapath | undefined): VdpaDatapath | undefined =>
  datapath?.mode === "vdpa" ? datapath : undefined;
