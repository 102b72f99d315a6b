import type { ExaminedFlow } from "@switchyard/model";
import { createSoftwareJudge, type SoftwareVerdict } from "@switchyard/planner";
import { HostKind, type HostOffload, type OffloadLook, type SoftwareFlow } from "@switchyard/proto";
import type { HostOffloadFacts, OffloadLookFacts } from "../offload/host-offload.ts";
import { hostName } from "../validation/names.ts";
import { HOST_KIND } from "./enums.ts";

/** @param seen the live look, or why there is none; left out in lists */
export function toProtoHostOffload(
  { host, wanted, proof, share }: HostOffloadFacts,
  seen?: { readonly look: OffloadLookFacts | undefined; readonly silence: string },
): HostOffload {
  const { ovs } = host.inventory ?? {};
  return {
    host: hostName.format(host.id),
    hostKind: host.kind === undefined ? HostKind.UNSPECIFIED : HOST_KIND[host.kind],
    wanted,
    enabled: ovs?.hwOffload,
    isRestartPending: ovs?.isRestartPending ?? false,
    proof: proof && {
      time: new Date(proof.atMs),
      inPort: proof.inPort,
      outPort: proof.outPort,
    },
    hardwareShare: share?.value,
    hardwareShareTime: share && new Date(share.atMs),
    look: seen?.look && toProtoLook(seen.look),
    silence: seen?.silence ?? "",
  };
}

function toProtoLook({ examination, inventory }: OffloadLookFacts): OffloadLook {
  const { flows } = examination;
  const judge = createSoftwareJudge({ inventory, examination });
  const software = [...(flows?.software ?? []), ...(flows?.others ?? [])];
  return {
    time: new Date(examination.observedAtMs),
    hardwareFlowCount: flows?.offloadedCount ?? 0,
    softwareFlowCount: flows?.softwareCount ?? 0,
    otherFlowCount: flows?.othersCount ?? 0,
    softwareFlows: software.map((flow) => toProtoFlow(flow, judge(flow))),
  };
}

const toProtoFlow = (flow: ExaminedFlow, verdict: SoftwareVerdict): SoftwareFlow => ({
  inPort: flow.inPort,
  actions: flow.actions,
  packetCount: BigInt(Math.trunc(flow.packets ?? 0)),
  sizeBytes: BigInt(Math.trunc(flow.bytes ?? 0)),
  cause: verdict.cause,
  explanation: verdict.explanation,
  fix: verdict.fix ?? "",
});
