import type { HttpResponse } from "../http/http.ts";
import { addJob, BIOS_TARGET, type Idrac, scheduledJob } from "./idrac.ts";
import * as say from "./messages.ts";
import { type Answer, type Call, JOBS, SYSTEM } from "./redfish-call.ts";
import { createNicJob, nicOfSettings } from "./redfish-nics.ts";
import { RESET_TYPES } from "./redfish-resources.ts";

/* What an iDRAC9 is told to change. */

export function patchSettings(idrac: Idrac, { body }: Call): Answer {
  if (scheduledJob(idrac, BIOS_TARGET) !== undefined) return say.pendingCommitted();
  const wanted = body["Attributes"];
  if (typeof wanted !== "object" || wanted === null) return say.unknownProperty("Attributes");
  const entries = Object.entries(wanted as Readonly<Record<string, unknown>>);
  for (const [name, value] of entries) {
    const refusal = refuseValue(idrac, name, value);
    if (refusal !== undefined) return refusal;
  }
  for (const [name, value] of entries) idrac.pending.set(name, value as string | number);
  if (body["@Redfish.SettingsApplyTime"] === undefined || idrac.faults.makesNoJobs) {
    return say.taken({}, 200);
  }
  return say.taken({ Location: `${JOBS}/${addJob(idrac, BIOS_TARGET).id}` }, 202);
}

function refuseValue(idrac: Idrac, name: string, value: unknown): HttpResponse | undefined {
  const attribute = idrac.registry.find((each) => each.name === name);
  if (attribute === undefined) return say.unknownProperty(name);
  if (attribute.isReadOnly) return say.readOnlyProperty(name);
  const isNumber = attribute.type === "Integer";
  const isTaken = isNumber ? typeof value === "number" : attribute.values.includes(String(value));
  return isTaken ? undefined : say.valueNotInList(name, value);
}

export function createJob(idrac: Idrac, { body, path }: Call): Answer {
  const nic = nicOfSettings(idrac, body["TargetSettingsURI"]);
  if (nic !== undefined) return createNicJob(idrac, nic);
  if (body["TargetSettingsURI"] !== `${SYSTEM}/Bios/Settings`) return say.notFound(path);
  if (scheduledJob(idrac, BIOS_TARGET) !== undefined) return say.pendingCommitted();
  if (idrac.pending.size === 0) return say.noPending();
  return say.taken({ Location: `${JOBS}/${addJob(idrac, BIOS_TARGET).id}` }, 200);
}

export function deleteJob(idrac: Idrac, { body, path }: Call): Answer {
  const at = idrac.jobs.findIndex(({ id }) => id === body["JobID"]);
  if (at === -1) return say.notFound(path);
  if (idrac.jobs[at]?.state === "Running") return say.lifecycleBusy();
  idrac.jobs.splice(at, 1);
  return say.taken({}, 200);
}

export function clearPending(idrac: Idrac): Answer {
  if (scheduledJob(idrac, BIOS_TARGET) !== undefined) return say.pendingCommitted();
  idrac.pending.clear();
  return say.taken({}, 200);
}

export function reset(idrac: Idrac, { body }: Call): Answer {
  const type = RESET_TYPES.find((each) => each === body["ResetType"]);
  if (type === undefined) return say.valueNotInList("ResetType", body["ResetType"]);
  idrac.onReset(type);
  return say.empty(204);
}
