import type { HttpRequest } from "../http/http.ts";
import { type Idrac, issueJobId } from "./idrac.ts";
import * as say from "./messages.ts";
import { type Answer, type Call, SESSIONS } from "./redfish-call.ts";

/* Who may ask. */

/** Sessions at once. Source: iDRAC9 User's Guide */
const SESSIONS_MAX = 8;

export function isKnown(
  { spec, sessions }: Idrac,
  request: HttpRequest,
  token: string | undefined,
) {
  if (token !== undefined) return sessions.has(token);
  const basic = /^Basic (.+)$/.exec(request.headers.get("authorization") ?? "")?.[1];
  const text = Buffer.from(basic ?? "", "base64").toString();
  const at = text.indexOf(":");
  return at > 0 && spec.accounts[text.slice(0, at)] === text.slice(at + 1);
}

export function openSession(idrac: Idrac, body: Readonly<Record<string, unknown>>): Answer {
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

export function closeSession(idrac: Idrac, { path }: Call): Answer {
  const id = path.slice(SESSIONS.length + 1);
  const token = [...idrac.sessions].find(([, session]) => session.id === id)?.[0];
  if (token === undefined) return say.notFound(path);
  idrac.sessions.delete(token);
  return say.empty(200);
}
