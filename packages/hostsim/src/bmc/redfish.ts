import type { HttpRequest } from "../http/http.ts";
import { type Idrac, lookAtJobs } from "./idrac.ts";
import * as say from "./messages.ts";
import {
  type Answer,
  type Call,
  CHASSIS,
  type Handler,
  JOBS,
  MANAGER,
  ROOT,
  SESSIONS,
  SYSTEM,
} from "./redfish-call.ts";
import { clearPending, createJob, deleteJob, patchSettings, reset } from "./redfish-changes.ts";
import { answerNics } from "./redfish-nics.ts";
import {
  bios,
  chassis,
  collection,
  job,
  power,
  registry,
  serviceRoot,
  settings,
  system,
} from "./redfish-resources.ts";
import { closeSession, isKnown, openSession } from "./redfish-sessions.ts";

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
