import { type ControllerBus, type HostUser, shardOf, type UsersFile } from "@switchyard/bus";
import type { HostId } from "@switchyard/model";
import type { Reads } from "@switchyard/store";

/** What an enrolment needs of the bus. */
export interface BusAccess {
  readonly natsServers: readonly string[];
  shardOf(host: HostId): number;
  /**
   * Lets an enrolled host in: its key and permissions at the broker, its consumer. Call it after the
   * enrolment's commit; when it resolves the agent can connect. May run twice.
   *
   * @throws DispatchError BUS_UNAVAILABLE when the broker did not take the users in time
   */
  admit(host: { readonly host: HostId }): Promise<void>;
}

export interface BusAccessParts {
  /** As agents reach them. */
  readonly natsServers: readonly string[];
  readonly bus: Pick<ControllerBus, "ensureHosts">;
  readonly usersFile: UsersFile;
}

export const createBusAccess = ({ natsServers, bus, usersFile }: BusAccessParts): BusAccess => ({
  natsServers,
  shardOf,
  admit: async ({ host }) => {
    await Promise.all([usersFile.sync(), bus.ensureHosts([host])]);
  },
});

/** All enrolled hosts as the users file names them, in a stable order. */
export async function readHostUsers(
  hosts: Pick<Reads["hosts"], "listCredentials">,
): Promise<readonly HostUser[]> {
  const credentials = await hosts.listCredentials();
  return credentials
    .map(({ id, nkeyPublic }) => ({ host: id, nkeyPublic }))
    .sort((left, right) => (left.host < right.host ? -1 : 1));
}
