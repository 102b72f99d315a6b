import type { VerifyingKey } from "@switchyard/bus";
import type { HostId } from "@switchyard/model";
import { type Identity, loadOrCreateHostKey, saveIdentity } from "./identity.ts";

export interface EnrollRequest {
  readonly host: HostId;
  /** Shown once by `swy host enroll`; secret. */
  readonly token: string;
  /** Public half of the key made on this host; the other half never leaves it. */
  readonly nkeyPublic: string;
  readonly agentVersion: string;
}

export interface EnrollAnswer {
  readonly hostEpoch: number;
  readonly natsServers: readonly string[];
  readonly controllers: readonly VerifyingKey[];
}

/**
 * Asks the controller. A port, because the agent's own packages speak no gRPC.
 *
 * @throws SwitchyardError TOKEN_INVALID, HOST_UNREACHABLE
 */
export type EnrollCall = (request: EnrollRequest) => Promise<EnrollAnswer>;

/**
 * Enrols this host: makes its key if there is none, asks the controller, keeps the answer. May run again
 * with a new token, with the same key; the controller then raises the host's epoch.
 */
export async function enroll(options: {
  readonly folder: string;
  readonly host: HostId;
  readonly token: string;
  readonly agentVersion: string;
  readonly call: EnrollCall;
}): Promise<Identity> {
  const { folder, host, token, agentVersion } = options;
  const { nkeyPublic } = await loadOrCreateHostKey(folder);
  const answer = await options.call({ host, token, nkeyPublic, agentVersion });
  const { hostEpoch, natsServers, controllers } = answer;
  const identity: Identity = { host, hostEpoch, natsServers, controllers };
  await saveIdentity(folder, identity);
  return identity;
}
