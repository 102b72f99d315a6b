import type { AgentBus, HeartbeatReport } from "@switchyard/bus";
import type { Clock, Random } from "@switchyard/runtime";

/** Share of the interval by which beats are spread, so that a fleet does not beat in step. */
const JITTER = 0.2;

/** Tells the controllers, again and again, that the agent lives and what it runs. */
export async function beat(
  parts: {
    readonly bus: AgentBus;
    readonly clock: Clock;
    readonly random: Random;
    readonly intervalMs: number;
    readonly report: () => HeartbeatReport;
  },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    parts.bus.publishHeartbeat(parts.report());
    const spread = 1 + JITTER * (2 * parts.random.float() - 1);
    await parts.clock.sleep(parts.intervalMs * spread, signal);
  }
}
