import { type DatapathSpec, type ExperimentMode, PlanningError } from "@switchyard/model";
import type { HostLease, HostRecord, ProfileRecord } from "@switchyard/store";

/** A host with what is laid over the mode of its profile. */
type HostInMode = Pick<HostRecord, "id" | "datapathMode"> & {
  readonly lease: Pick<HostLease, "mode"> | undefined;
};

/** An experiment's modes differ from one another in who carries the flows as well. */
const withOffload = (datapath: DatapathSpec, mode: ExperimentMode | undefined): DatapathSpec =>
  mode === undefined || datapath.mode !== "vdpa"
    ? datapath
    : { ...datapath, hwOffload: mode === "vdpa" };

/**
 * The profile's datapath in the mode that an experiment wants the host in, or else the host was set to. A profile in vDPA mode says all that SR-IOV
 * mode needs; the other way round there is neither bridge nor queue pairs to go by.
 *
 * @throws PlanningError MODE_NOT_DESCRIBED
 */
export function inModeOf(
  host: HostInMode,
  { id, spec: { datapath } }: ProfileRecord,
): DatapathSpec {
  const measured = host.lease?.mode;
  const mode = measured === "vdpa-sw" ? "vdpa" : (measured ?? host.datapathMode);
  if (mode === undefined || mode === datapath.mode) return withOffload(datapath, measured);
  if (datapath.mode === "vdpa") {
    const { uplink, vfCount } = datapath;
    return { mode: "sriov", uplink, vfCount, vfDriver: "auto" };
  }
  throw new PlanningError(
    "MODE_NOT_DESCRIBED",
    `profile ${id} does not say what host ${host.id} is in mode vdpa`,
    { subject: `hosts/${host.id}`, found: "a profile in mode sriov", needs: "bridge and max_vqp" },
  );
}
