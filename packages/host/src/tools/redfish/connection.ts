import { HostError, type RedfishRequest } from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { type Caller, type RedfishResult, requestRedfish } from "./request.ts";
import { type BmcSettings, readPrivateFile } from "./settings.ts";

/** A BMC that was told who asks. */
export interface RedfishConnection {
  /** @throws as `requestRedfish` */
  request(request: RedfishRequest): Promise<RedfishResult>;
}

const SESSIONS_PATH = "/redfish/v1/SessionService/Sessions";

/**
 * Runs `work` on a connection: with a session where the settings ask for one, which is closed afterwards
 * whatever happened, because a BMC has few; with user and password in every request otherwise.
 *
 * @throws HostError BMC_SETTINGS_INVALID, BMC_FILE_EXPOSED, FILE_ACCESS_FAILED (the password); what `work`
 *   and `requestRedfish` throw
 */
export async function withRedfish<Result>(
  host: Host,
  settings: BmcSettings,
  work: (connection: RedfishConnection) => Promise<Result>,
): Promise<Result> {
  const password = await readPassword(host, settings.passwordFile);
  const caller: Caller = { host, settings, credentials: { kind: "password", password } };
  if (!settings.usesSession) return await work(connectionOf(caller));
  const session = await openSession(caller, password);
  try {
    return await work(connectionOf(session.caller));
  } finally {
    // One that is not closed ends by itself when its time is up.
    await session.close().catch(() => undefined);
  }
}

const connectionOf = (caller: Caller): RedfishConnection => ({
  request: (request) => requestRedfish(caller, request),
});

/** One line end after the password belongs to the file, not to it. */
async function readPassword(host: Host, path: string): Promise<string> {
  const text = (await readPrivateFile(host, path))?.replace(/\r?\n$/, "");
  if (text !== undefined && text !== "" && !/[\r\n\0]/.test(text)) return text;
  throw new HostError("BMC_SETTINGS_INVALID", `${path} does not hold a password`, {
    path,
    found: text === undefined ? "no such file" : "an empty file, or several lines",
    needs: "the password on one line",
  });
}

/** The password goes through stdin here, too: as a request body it would stand in the arguments. */
async function openSession(caller: Caller, password: string) {
  const { settings } = caller;
  const { headers, location } = await requestRedfish(caller, {
    method: "POST",
    path: SESSIONS_PATH,
    secretBody: { UserName: settings.user, Password: password },
  });
  const token = headers.get("x-auth-token");
  if (token === undefined || location === undefined) {
    throw new HostError("BMC_ANSWER_UNREADABLE", "the BMC opened no session", {
      found: "no X-Auth-Token or no Location",
      needs: "both",
      try: 'Leave "session" out of the settings',
    });
  }
  const held: Caller = { ...caller, credentials: { kind: "token", token } };
  return {
    caller: held,
    close: () => requestRedfish(held, { method: "DELETE", path: pathOf(location) }),
  };
}

/** `Location` is a path on some firmware and a whole URL on other. */
export const pathOf = (location: string): string => location.replace(/^https:\/\/[^/]+/, "");
