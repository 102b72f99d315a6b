import { HostKind, type Plan, PlanState } from "@switchyard/proto";
import type { PlanRecord, PlanState as RecordState } from "@switchyard/store";
import { hostName, jobName, planName, profileName, vmName } from "../validation/names.ts";
import { DISRUPTION, HOST_KIND } from "./enums.ts";
import { toProtoFinding } from "./finding.ts";
import { toProtoStep } from "./step.ts";

const PLAN_STATE: Readonly<Record<RecordState, PlanState>> = {
  ready: PlanState.READY,
  empty: PlanState.EMPTY,
  blocked: PlanState.BLOCKED,
  applied: PlanState.APPLIED,
};

export const toProtoPlan = (record: PlanRecord): Plan => ({
  name: planName.format(record.id),
  etag: record.etag,
  host: hostName.format(record.host),
  hostKind: record.hostKind === undefined ? HostKind.UNSPECIFIED : HOST_KIND[record.hostKind],
  profile: record.profile === undefined ? "" : profileName.format(record.profile),
  profileGeneration: BigInt(record.profileGeneration),
  state: PLAN_STATE[record.state],
  createTime: new Date(record.createdAtMs),
  steps: record.plan.steps.map(toProtoStep),
  findings: record.plan.findings.map(toProtoFinding),
  disruption: DISRUPTION[record.plan.disruption],
  affectedVms: record.plan.affectedVms.map((vm) => vmName.format(vm)),
  digest: record.plan.digest,
  job: record.job === undefined ? "" : jobName.format(record.job),
});
