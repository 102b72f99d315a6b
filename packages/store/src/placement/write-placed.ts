import { assert, type HostId, type ImageId, type JobId } from "@switchyard/model";
import type { Session } from "../connection/session.ts";
import { createImageWrites, useCopies } from "../images/image-rows.ts";
import { insertPlannedJobs, type PlannedJob } from "../jobs/insert-planned-jobs.ts";
import type { JobRecord } from "../jobs/job-record.ts";
import { auditOfVm } from "../vms/audit-of-vm.ts";
import type { VmRecord } from "../vms/vm-queries.ts";
import { insertVms } from "./insert-vms.ts";
import { copyKey, type Look } from "./lock-and-look.ts";
import type { PlacementGroup } from "./placement-store.ts";

/** A group with the records that its rows will have. */
export interface AcceptedGroup {
  readonly group: PlacementGroup;
  readonly records: readonly VmRecord[];
  /** One for each record. */
  readonly jobRevisions: readonly number[];
}

function logCreation(session: Session, { actor, requestId }: PlacementGroup, vm: VmRecord): void {
  session.placedHosts.add(vm.allocation.host);
  session.changes.push({ kind: "vms", key: vm.id, operation: "created", record: vm });
  const audit = { action: "vm.create", resource: `vms/${vm.id}`, details: auditOfVm(vm) };
  session.audits.push({ actor, requestId, ...audit });
}

/** The VMs, what they take, and the jobs that start them: all before whatever is queried next. */
export async function writePlaced(
  session: Session,
  accepted: readonly AcceptedGroup[],
  look: Look,
): Promise<readonly JobRecord[]> {
  insertVms(
    session,
    accepted.flatMap(({ records }) => records),
    look,
  );
  const networks = new Map([...look.networks].map(([id, { spec }]) => [id, spec]));
  const jobs = accepted.flatMap(({ group, records, jobRevisions }) =>
    records.map((vm, at): PlannedJob => {
      const { boot } = vm.spec;
      const image = boot.kind === "image" ? look.images.get(boot.image) : undefined;
      const { actor, requestId, traceparent = "" } = group;
      const draft = group.jobOf(vm, { image, networks });
      const hostNow = look.hosts.get(draft.host);
      const revision = jobRevisions[at];
      assert(hostNow !== undefined && revision !== undefined, "admitted on a host, with revisions");
      return { ...draft, actor, requestId, traceparent, hostNow, revision, nowMs: look.nowMs };
    }),
  );
  for (const { group, records } of accepted) {
    for (const vm of records) logCreation(session, group, vm);
  }
  const made = insertPlannedJobs(session, jobs);
  await noteCopies(session, accepted, look);
  return made;
}

/** A VM's job brings its image first where it is not there yet, which the job's end settles. */
async function noteCopies(
  session: Session,
  accepted: readonly AcceptedGroup[],
  { cached }: Look,
): Promise<void> {
  const uses = new Map<string, { image: ImageId; host: HostId; job: JobId }>();
  for (const { spec, allocation, job } of accepted.flatMap(({ records }) => records)) {
    if (spec.boot.kind !== "image" || job === undefined) continue;
    const use = { image: spec.boot.image, host: allocation.host, job };
    const key = copyKey(use.image, use.host);
    if (!uses.has(key)) uses.set(key, use);
  }
  useCopies(
    session,
    [...uses].flatMap(([key, use]) => (cached.has(key) ? [use] : [])),
  );
  const images = createImageWrites(session);
  for (const [key, use] of uses) {
    if (!cached.has(key)) await images.setCopy({ ...use, state: "fetching" });
  }
}
