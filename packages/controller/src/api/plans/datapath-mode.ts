import { type DatapathSpec, PlanningError } from "@switchyard/model";
import type { HostRecord, ProfileRecord } from "@switchyard/store";

/**
 * The profile's datapath in the mode that the host was set to. A profile in vDPA mode says all that SR-IOV
 * mode needs; the other way round there is neither bridge nor queue pairs to go by.
 *
 * @throws PlanningError MODE_NOT_DESCRIBED
 */
export function inModeOf(
  host: Pick<HostRecord, "id" | "datapathMode">,
  { id, spec: { datapath } }: ProfileRecord,
): DatapathSpec {
  const { datapathMode: mode } = host;
  if (mode === undefined || mode === datapath.mode) return datapath;
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
