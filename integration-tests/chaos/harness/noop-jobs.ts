import { type Job, type SwitchyardClient, waitForJob } from "@switchyard/client";
import { newUuid, Semaphore, systemClock, systemRandom } from "@switchyard/runtime";
import { insist } from "./insist.ts";

/** Requests under way at once. */
const CONCURRENCY = 8;
const END_DEADLINE_MS = 90_000;

export interface NoopLoad {
  readonly clients: readonly SwitchyardClient[];
  /** `hosts/{host}`, taken in turn. */
  readonly hosts: readonly string[];
  readonly count: number;
}

/** Hands in jobs, each under a request id of its own that repeats carry too. Answers with their names. */
export async function createNoopJobs(load: NoopLoad): Promise<readonly string[]> {
  const { clients, hosts, count } = load;
  const gate = new Semaphore(CONCURRENCY);
  const one = async (index: number): Promise<string> => {
    const request = {
      host: hosts[index % hosts.length]!, // there is one host at least
      requestId: newUuid(systemClock, systemRandom),
    };
    const inTurn = [...clients.slice(index % clients.length), ...clients];
    const job = await insist(inTurn, (client, options) =>
      client.jobs.createNoopJob(request, options),
    );
    return job.name;
  };
  return Promise.all(Array.from({ length: count }, (_, index) => gate.run(() => one(index))));
}

/** Waits until all of them have ended. */
export const untilEnded = (
  client: SwitchyardClient,
  jobs: readonly string[],
): Promise<readonly Job[]> =>
  Promise.all(jobs.map((job) => waitForJob(client, job, { timeoutMs: END_DEADLINE_MS })));
