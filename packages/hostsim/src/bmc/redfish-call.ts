import type { HttpResponse, NoAnswer } from "../http/http.ts";
import type { Idrac } from "./idrac.ts";

/* Paths of an iDRAC9, and what its handlers are given. */

export const ROOT = "/redfish/v1";
export const SYSTEM = `${ROOT}/Systems/System.Embedded.1`;
export const CHASSIS = `${ROOT}/Chassis/System.Embedded.1`;
export const MANAGER = `${ROOT}/Managers/iDRAC.Embedded.1`;
export const JOBS = `${MANAGER}/Oem/Dell/Jobs`;
export const SESSIONS = `${ROOT}/SessionService/Sessions`;

export type Answer = HttpResponse | NoAnswer;
export type Handler = (idrac: Idrac, call: Call) => Answer;

export interface Call {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly token: string | undefined;
}
