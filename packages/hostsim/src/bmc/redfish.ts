import type { HttpRequest, HttpResponse, NoAnswer } from "../http/http.ts";
import {
  addJob,
  BIOS_TARGET,
  type Idrac,
  type IdracJob,
  issueJobId,
  lookAtJobs,
  type ResetType,
  scheduledJob,
} from "./idrac.ts";
import * as say from "./messages.ts";
import { answerNics, createNicJob, nicOfSettings } from "./redfish-nics.ts";

const ROOT = "/redfish/v1";
const SYSTEM = `${ROOT}/Systems/System.Embedded.1`;
const CHASSIS = `${ROOT}/Chassis/System.Embedded.1`;
const MANAGER = `${ROOT}/Managers/iDRAC.Embedded.1`;
const JOBS = `${MANAGER}/Oem/Dell/Jobs`;
const SESSIONS = `${ROOT}/SessionService/Sessions`;
/** Of the R740's two supplies. */
const POWER_CAPACITY_WATTS = 750;
/** Sessions at once. Source: iDRAC9 User's Guide */
const SESSIONS_MAX = 8;

const RESET_TYPES: readonly ResetType[] = [
  "On",
  "ForceOff",
  "ForceRestart",
  "GracefulRestart",
  "GracefulShutdown",
  "PowerCycle",
  "PushPowerButton",
  "Nmi",
];

type Answer = HttpResponse | NoAnswer;
type Handler = (idrac: Idrac, call: Call) => Answer;

interface Call {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly token: string | undefined;
}

/**
 * Answers one request as an iDRAC9 does.
 *
 * @see dell/iDRAC-Redfish-Scripting; DMTF schemas ComputerSystem, Bios, AttributeRegistry, DellJob
 */
export function answerRedfish(idrac: Idrac, request: HttpRequest): Answer {
  const { faults } = idrac;
  if (faults.refusesConnections) return "refused";
  if (faults.notReadyRequests > 0) {
    faults.notReadyRequests -= 1;
    return say.notReady();
  }
  const path = request.url.pathname.replace(/(.)\/$/, "$1");
  if (path === ROOT) return say.json(200, serviceRoot());
  const body = parseBody(request.body);
  if (body === undefined) return say.malformed();
  const token = request.headers.get("x-auth-token");
  const key = `${request.method} ${path}`;
  if (key === `POST ${SESSIONS}`) return openSession(idrac, body);
  if (!isKnown(idrac, request, token)) return say.accessDenied();
  return answerKnown(idrac, key, { path, body, token });
}

function answerKnown(idrac: Idrac, key: string, call: Call): Answer {
  const { faults } = idrac;
  const isChange = !key.startsWith("GET ");
  if (isChange && faults.lifecycleBusyRequests > 0) {
    faults.lifecycleBusyRequests -= 1;
    return say.lifecycleBusy();
  }
  const answer =
    answerNics(idrac, key, call.body) ?? (HANDLERS[key] ?? handlerOfMember(key))(idrac, call);
  if (!isChange || !faults.closesAfterChange) return answer;
  faults.closesAfterChange = false;
  return "closed";
}

function parseBody(text: string): Readonly<Record<string, unknown>> | undefined {
  if (text === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

function isKnown({ spec, sessions }: Idrac, request: HttpRequest, token: string | undefined) {
  if (token !== undefined) return sessions.has(token);
  const basic = /^Basic (.+)$/.exec(request.headers.get("authorization") ?? "")?.[1];
  const text = Buffer.from(basic ?? "", "base64").toString();
  const at = text.indexOf(":");
  return at > 0 && spec.accounts[text.slice(0, at)] === text.slice(at + 1);
}

const serviceRoot = () => ({
  "@odata.id": ROOT,
  Name: "Root Service",
  RedfishVersion: "1.11.0",
  Systems: { "@odata.id": `${ROOT}/Systems` },
  Chassis: { "@odata.id": `${ROOT}/Chassis` },
  Managers: { "@odata.id": `${ROOT}/Managers` },
  SessionService: { "@odata.id": `${ROOT}/SessionService` },
});

const collection = (...paths: string[]) => ({
  Members: paths.map((path) => ({ "@odata.id": path })),
  "Members@odata.count": paths.length,
});

const system = ({ spec, powerState, attributes }: Idrac) => ({
  "@odata.id": SYSTEM,
  Id: "System.Embedded.1",
  Manufacturer: "Dell Inc.",
  Model: spec.model,
  SKU: spec.serviceTag,
  BiosVersion: attributes.get("SystemBiosVersion"),
  PowerState: powerState,
  Status: { Health: "OK", State: powerState === "On" ? "Enabled" : "StandbyOffline" },
  Bios: { "@odata.id": `${SYSTEM}/Bios` },
  Actions: {
    "#ComputerSystem.Reset": {
      target: `${SYSTEM}/Actions/ComputerSystem.Reset`,
      "ResetType@Redfish.AllowableValues": RESET_TYPES,
    },
  },
});

const chassis = ({ spec, powerState }: Idrac) => ({
  "@odata.id": CHASSIS,
  Id: "System.Embedded.1",
  ChassisType: "RackMount",
  Model: spec.model,
  SKU: spec.serviceTag,
  PowerState: powerState,
  Power: { "@odata.id": `${CHASSIS}/Power` },
});

/** @see DMTF schema Power; dell/iDRAC-Redfish-Scripting */
function power({ readWatts }: Idrac) {
  const watts = readWatts() ?? null;
  return {
    "@odata.id": `${CHASSIS}/Power`,
    Id: "Power",
    PowerControl: [
      {
        "@odata.id": `${CHASSIS}/Power#/PowerControl/0`,
        Name: "System Power Control",
        PowerConsumedWatts: watts,
        PowerCapacityWatts: POWER_CAPACITY_WATTS,
      },
    ],
  };
}

const bios = ({ attributes }: Idrac) => ({
  "@odata.id": `${SYSTEM}/Bios`,
  AttributeRegistry: "BiosAttributeRegistry.v1_0_0",
  Attributes: Object.fromEntries(attributes),
  "@Redfish.Settings": { SettingsObject: { "@odata.id": `${SYSTEM}/Bios/Settings` } },
});

const settings = ({ pending }: Idrac) => ({
  "@odata.id": `${SYSTEM}/Bios/Settings`,
  AttributeRegistry: "BiosAttributeRegistry.v1_0_0",
  Attributes: Object.fromEntries(pending),
  Actions: {
    Oem: {
      "#DellManager.ClearPending": {
        target: `${SYSTEM}/Bios/Settings/Actions/Oem/DellManager.ClearPending`,
      },
    },
  },
});

const registry = (idrac: Idrac) => ({
  Id: "BiosAttributeRegistry.v1_0_0",
  OwningEntity: "Dell",
  RegistryEntries: {
    Attributes: idrac.registry.map(({ name, displayName, type, values, isReadOnly }) => ({
      AttributeName: name,
      DisplayName: displayName,
      Type: type,
      ReadOnly: isReadOnly,
      ...(type === "Integer" ? { LowerBound: 0, UpperBound: 600 } : {}),
      Value: values.map((value) => ({ ValueName: value, ValueDisplayName: value })),
    })),
  },
});

const job = ({ id, name, target, state, message }: IdracJob) => ({
  "@odata.id": `${JOBS}/${id}`,
  Id: id,
  JobState: state,
  JobType: target === BIOS_TARGET ? "BIOSConfiguration" : "NICConfiguration",
  Message: message,
  MessageId: state === "Completed" ? "PR19" : "JCP001",
  Name: name,
  PercentComplete: state === "Completed" || state === "Failed" ? 100 : 0,
  StartTime: "TIME_NOW",
  EndTime: "TIME_NA",
});

function openSession(idrac: Idrac, body: Readonly<Record<string, unknown>>): Answer {
  const user = String(body["UserName"]);
  if (!Object.hasOwn(idrac.spec.accounts, user)) return say.accessDenied();
  if (idrac.spec.accounts[user] !== body["Password"]) return say.accessDenied();
  if (idrac.sessions.size >= SESSIONS_MAX) return say.sessionLimit();
  idrac.issued += 1;
  const id = String(idrac.issued);
  const token = `token-${id}-${issueJobId(idrac)}`;
  idrac.sessions.set(token, { id, user });
  const headers = { Location: `${SESSIONS}/${id}`, "X-Auth-Token": token };
  return say.json(201, { "@odata.id": `${SESSIONS}/${id}`, Id: id, UserName: user }, headers);
}

function closeSession(idrac: Idrac, { path }: Call): Answer {
  const id = path.slice(SESSIONS.length + 1);
  const token = [...idrac.sessions].find(([, session]) => session.id === id)?.[0];
  if (token === undefined) return say.notFound(path);
  idrac.sessions.delete(token);
  return say.empty(200);
}

function patchSettings(idrac: Idrac, { body }: Call): Answer {
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

function createJob(idrac: Idrac, { body, path }: Call): Answer {
  const nic = nicOfSettings(idrac, body["TargetSettingsURI"]);
  if (nic !== undefined) return createNicJob(idrac, nic);
  if (body["TargetSettingsURI"] !== `${SYSTEM}/Bios/Settings`) return say.notFound(path);
  if (scheduledJob(idrac, BIOS_TARGET) !== undefined) return say.pendingCommitted();
  if (idrac.pending.size === 0) return say.noPending();
  return say.taken({ Location: `${JOBS}/${addJob(idrac, BIOS_TARGET).id}` }, 200);
}

function deleteJob(idrac: Idrac, { body, path }: Call): Answer {
  const at = idrac.jobs.findIndex(({ id }) => id === body["JobID"]);
  if (at === -1) return say.notFound(path);
  if (idrac.jobs[at]?.state === "Running") return say.lifecycleBusy();
  idrac.jobs.splice(at, 1);
  return say.taken({}, 200);
}

function clearPending(idrac: Idrac): Answer {
  if (scheduledJob(idrac, BIOS_TARGET) !== undefined) return say.pendingCommitted();
  idrac.pending.clear();
  return say.taken({}, 200);
}

function reset(idrac: Idrac, { body }: Call): Answer {
  const type = RESET_TYPES.find((each) => each === body["ResetType"]);
  if (type === undefined) return say.valueNotInList("ResetType", body["ResetType"]);
  idrac.onReset(type);
  return say.empty(204);
}

function listJobs(idrac: Idrac): Answer {
  lookAtJobs(idrac);
  return say.json(200, {
    Members: idrac.jobs.map(job),
    "Members@odata.count": idrac.jobs.length,
  });
}

function findJob(idrac: Idrac, { path }: Call): Answer {
  lookAtJobs(idrac);
  const id = path.slice(path.lastIndexOf("/") + 1);
  const found = idrac.jobs.find((each) => each.id === id);
  return found === undefined ? say.notFound(path) : say.json(200, job(found));
}

const HANDLERS: Readonly<Record<string, Handler>> = {
  [`GET ${ROOT}/Systems`]: () => say.json(200, collection(SYSTEM)),
  [`GET ${ROOT}/Chassis`]: () => say.json(200, collection(CHASSIS)),
  [`GET ${CHASSIS}`]: (idrac) => say.json(200, chassis(idrac)),
  [`GET ${CHASSIS}/Power`]: (idrac) => say.json(200, power(idrac)),
  [`GET ${SYSTEM}`]: (idrac) => say.json(200, system(idrac)),
  [`GET ${SYSTEM}/Bios`]: (idrac) => say.json(200, bios(idrac)),
  [`GET ${SYSTEM}/Bios/BiosRegistry`]: (idrac) => say.json(200, registry(idrac)),
  [`GET ${SYSTEM}/Bios/Settings`]: (idrac) => say.json(200, settings(idrac)),
  [`PATCH ${SYSTEM}/Bios/Settings`]: patchSettings,
  [`POST ${SYSTEM}/Bios/Settings/Actions/Oem/DellManager.ClearPending`]: clearPending,
  [`POST ${SYSTEM}/Actions/ComputerSystem.Reset`]: reset,
  [`GET ${ROOT}/Managers`]: () => say.json(200, collection(MANAGER)),
  [`GET ${JOBS}`]: listJobs,
  [`POST ${JOBS}`]: createJob,
  [`POST ${MANAGER}/Oem/Dell/DellJobService/Actions/DellJobService.DeleteJobQueue`]: deleteJob,
};

function handlerOfMember(key: string): Handler {
  if (key.startsWith(`GET ${JOBS}/`)) return findJob;
  if (key.startsWith(`GET ${ROOT}/TaskService/Tasks/`)) return findJob;
  if (key.startsWith(`DELETE ${SESSIONS}/`)) return closeSession;
  return (_, { path }) => say.notFound(path);
}
