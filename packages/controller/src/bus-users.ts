import {
  type ControllerBus,
  createUsersFile,
  hostKeyFromSeed,
  signalServer,
  type UsersFile,
} from "@switchyard/bus";
import type { Store } from "@switchyard/store";
import type { WholeConfig } from "./controller-config.ts";
import { type BusAccess, createBusAccess, readHostUsers } from "./dispatch/bus-access.ts";

/** Where others keep the broker's users, an enrolled host is let in by its consumer alone. */
const NO_USERS_FILE: UsersFile = { sync: () => Promise.resolve() };

function createUsers(config: WholeConfig, store: Store): UsersFile {
  const { nats, clock, random } = config;
  if (nats.usersFile === undefined) return NO_USERS_FILE;
  const { path, pidFile, otherControllers } = nats.usersFile;
  const own = hostKeyFromSeed(nats.seed).nkeyPublic;
  return createUsersFile({
    path,
    readUsers: async () => ({
      controllers: [own, ...otherControllers],
      hosts: await readHostUsers(store.reads.hosts),
    }),
    reload: pidFile === undefined ? () => Promise.resolve() : signalServer(pidFile),
    servers: nats.servers,
    ...(nats.tls === undefined ? {} : { tls: nats.tls }),
    clock,
    random,
  });
}

/** Lets enrolled hosts in at the broker. */
export function createAccess(config: WholeConfig, store: Store, bus: ControllerBus): BusAccess {
  const { nats } = config;
  const natsServers = nats.agentServers ?? nats.servers;
  return createBusAccess({ natsServers, bus, usersFile: createUsers(config, store) });
}
