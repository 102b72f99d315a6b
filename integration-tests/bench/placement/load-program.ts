import { createClient } from "@switchyard/client";
import { newUuid, systemClock, systemRandom } from "@switchyard/runtime";
import { inParallel, timed } from "../dispatch/throughput.ts";
import { benchVm } from "./records.ts";
import { FLEET } from "./shape.ts";

/*
 * The clients, in a process of their own: each creates VMs one after the other over a connection of its own. Sends
 * its parent the latencies, and how many were refused for want of room.
 */

const {
  BENCH_CONTROLLERS = "[]",
  BENCH_CLIENTS = "0",
  BENCH_WARM_UP = "0",
  BENCH_PLACEMENTS = "0",
  BENCH_PREFIX = "vm",
} = process.env;
const controllers = JSON.parse(BENCH_CONTROLLERS) as readonly string[];
const count = Number(BENCH_CLIENTS);

process.on("disconnect", () => process.exit(0));
const clients = Array.from({ length: count }, (_, at) =>
  createClient({
    address: controllers[at % controllers.length] ?? "",
    security: { kind: "insecure" },
  }),
);

const isNoCapacity = (error: unknown): boolean =>
  error instanceof Error && "reason" in error && error.reason === "NO_CAPACITY";

/** Each client takes the next VM once its last one is placed. */
async function load(placements: number, name: string) {
  const latenciesMs: number[] = [];
  let refused = 0;
  let next = 0;
  const begin = performance.now();
  await inParallel(count, count, async (at) => {
    const client = clients[at];
    while (next < placements && client !== undefined) {
      const vmId = `${BENCH_PREFIX}-${name}-${next}`;
      next += 1;
      try {
        const requestId = newUuid(systemClock, systemRandom);
        const ms = await timed(async () => {
          await client.vms.createVm({ vmId, vm: benchVm(FLEET), requestId });
        });
        latenciesMs.push(ms);
      } catch (error) {
        if (!isNoCapacity(error)) throw error;
        refused += 1;
      }
    }
  });
  return { latenciesMs, refused, totalMs: performance.now() - begin };
}

await load(Number(BENCH_WARM_UP), "warm");
process.send?.(await load(Number(BENCH_PLACEMENTS), "measured"));
