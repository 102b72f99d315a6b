import { join } from "node:path";
import { createLinuxHost, type Host } from "@switchyard/host";
import type { RestoreReport } from "@switchyard/model";
import { type Logger, systemClock, systemRandom } from "@switchyard/runtime";
import { createHostReaders } from "../inventory/host-readers.ts";
import { createFileStorage } from "../ledger/file-storage.ts";
import { restoreOnce } from "../restore/restore-once.ts";
import { AGENT_VERSION } from "../version.ts";
import type { AgentConfig } from "./config.ts";
import { findPeerAddresses } from "./peer-addresses.ts";

/** This machine. */
export const openLinuxHost = (config: AgentConfig, log: Logger): Host =>
  createLinuxHost({ kind: config.hostKind, log, clock: systemClock });

/** Restores a machine, as agent and unit both do. The caller has the data folder's lock. */
export async function restoreHost(
  host: Host,
  config: AgentConfig,
  { log, stopping }: { readonly log: Logger; readonly stopping: AbortSignal },
): Promise<RestoreReport | undefined> {
  const clock = systemClock;
  const { bmc, dataFolder } = config;
  const read = await createHostReaders({
    ...{ host, clock, agentVersion: AGENT_VERSION },
    peerAddresses: await findPeerAddresses(config, clock),
    ...(bmc !== undefined && { bmc }),
  });
  const report = await restoreOnce(
    {
      ...{ host, clock, log, read, random: systemRandom, hostId: config.host },
      storage: createFileStorage(join(dataFolder, "ledger")),
      ...(bmc !== undefined && { bmc }),
    },
    stopping,
  );
  if (report === undefined) log.info({}, "no datapath to be made again");
  else log.info({ report }, "looked after what the boot took away");
  return report;
}
