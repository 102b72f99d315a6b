import { shardOf } from "@switchyard/bus";
import { type Api, createBrake, settleEndedJobs, startApi } from "@switchyard/controller";
import { DispatchError } from "@switchyard/model";
import { silentLogger, systemClock, systemRandom } from "@switchyard/runtime";
import { createStore, type Store } from "@switchyard/store";

/** A controller's API and store with nobody to dispatch to. */
export interface BenchController {
  readonly api: Api;
  readonly store: Store;
  stop(): Promise<void>;
}

const nobody = (): Promise<never> =>
  Promise.reject(new DispatchError("HOST_UNREACHABLE", "no agent is there"));

/**
 * The real API on the real store. Each VM's start job and its outbox row are committed with it, as always; that the
 * bus then carries the job to an agent is another benchmark's figure, so nobody does.
 */
export async function startBenchController(databaseUrl: string): Promise<BenchController> {
  const common = { clock: systemClock, random: systemRandom, log: silentLogger };
  const store = await createStore({ ...common, url: databaseUrl, onJobsEnded: settleEndedJobs });
  const api = await startApi({
    ...common,
    store,
    dispatch: {
      wake: () => undefined,
      send: () => undefined,
      hasRoom: () => true,
      cancel: () => undefined,
      inspect: () => undefined,
      diagnose: nobody,
      snapshots: nobody,
      openConsole: nobody,
      openExec: nobody,
      vmLog: nobody,
      freeze: nobody,
      thaw: nobody,
    },
    brake: createBrake({ bus: { isConnected: () => true }, clock: systemClock }),
    busAccess: { natsServers: ["127.0.0.1:4222"], shardOf, admit: async () => undefined },
    listen: { address: "127.0.0.1:0", tls: undefined, insecureLoopback: true },
    tokens: [],
    clusterKey: systemRandom.hex(32),
    healthChecks: [],
  });
  return {
    api,
    store,
    stop: async () => {
      await api.stop();
      await store.close();
    },
  };
}
