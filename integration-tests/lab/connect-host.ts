import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "@switchyard/host";
import { connectSimHost } from "@switchyard/hostsim";
import { type LabHost, LabHostError } from "./lab-host.ts";
import { RELAY_PROGRAM } from "./relay-port.ts";

/** The Host port of a lab host, held from outside. */
export interface ConnectedLabHost extends Host, AsyncDisposable {
  readonly kind: "lab";
}

/** Node takes seconds to start under emulation, tens of them on a busy machine. */
const RELAY_READY_MS = 120_000;

/**
 * The Host port of a lab host: `LinuxHost` itself, running in it, with its calls carried over a virtio port.
 * One at a time. A boot ends it.
 *
 * @throws LabHostError when the relay in the lab host does not answer, with what it wrote
 */
export async function connectLabHost(labHost: LabHost): Promise<ConnectedLabHost> {
  const host = await connectSimHost({ socketPath: labHost.paths.relaySocket });
  const relay = await labHost.spawn(["/payload/node", `/payload/${RELAY_PROGRAM}`], {
    log: "host-relay.log",
    environment: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
  });
  const close = async () => {
    host.close();
    await relay.stop();
  };
  const isReady = await Promise.race([host.exists("/"), sleep(RELAY_READY_MS, false)]);
  if (isReady) return { ...host, kind: "lab", [Symbol.asyncDispose]: close };
  await close();
  const said = await readFile(relay.logFile, "utf8").catch(() => "nothing");
  throw new LabHostError(`${labHost.topology.name}: the host relay is silent; it wrote:\n${said}`);
}
