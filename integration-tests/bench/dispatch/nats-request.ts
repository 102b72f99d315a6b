import { connect } from "nats";
import { type DispatchLoad, type DispatchResult, inParallel, timed } from "./throughput.ts";

const HOSTS = 200;
const IN_FLIGHT = 128;
const EMPTY = new Uint8Array();

/** Raw core request/reply to 200 subjects: what the wire alone costs, nothing durable. */
export async function measureNatsRequest(url: string, load: DispatchLoad): Promise<DispatchResult> {
  const responder = await connect({ servers: url });
  for (let host = 0; host < HOSTS; host += 1) {
    responder.subscribe(`bench.${host}`, {
      callback: (_error, message) => void message.respond(EMPTY),
    });
  }
  await responder.flush();
  const requester = await connect({ servers: url });
  const request = async (index: number) => {
    await requester.request(`bench.${index % HOSTS}`, EMPTY, { timeout: 5000 });
  };
  try {
    const idleLatenciesMs: number[] = [];
    for (let index = 0; index < load.idleJobs; index += 1) {
      idleLatenciesMs.push(await timed(() => request(index)));
    }
    const totalMs = await timed(() => inParallel(load.jobs, IN_FLIGHT, request));
    return { jobsPerSecond: (load.jobs * 1000) / totalMs, idleLatenciesMs };
  } finally {
    await requester.close();
    await responder.close();
  }
}
