import { type Random, systemClock } from "@switchyard/runtime";
import type { AgentProcess } from "./agents.ts";

/** Kills that are still to be made, shared by all hosts. */
export interface KillBudget {
  left: number;
  /** Kills made so far, by where their moment came from. */
  readonly made: { call: number; time: number };
}

export const killBudget = (kills: number): KillBudget => ({
  left: kills,
  made: { call: 0, time: 0 },
});

/**
 * A life ends at most at this call to its host: the agent's first look at the machine takes some sixty, a
 * job that sets the host up some hundreds.
 */
const CALLS_MAX = 300;
/** Or at most so long after its first call. */
const LIFE_MS_MAX = 1_500;

/** When one life of the agent ends. */
type Moment =
  | { readonly kind: "call"; readonly call: number }
  | { readonly kind: "time"; readonly ms: number };

const drawMoment = (random: Random): Moment =>
  random.float() < 0.5
    ? { kind: "call", call: 1 + Math.floor(random.float() * CALLS_MAX) }
    : { kind: "time", ms: random.float() * LIFE_MS_MAX };

/**
 * Ends every life of the agent by SIGKILL at a moment drawn by chance: as it makes its n-th call to the host,
 * or some time after its first, whatever it is doing then. Stops when the budget is used up.
 */
export function killAtRandom(agent: AgentProcess, random: Random, budget: KillBudget): void {
  let calls = 0;
  let moment = drawMoment(random);
  const kill = () => {
    if (budget.left === 0) return;
    budget.left -= 1;
    budget.made[moment.kind] += 1;
    agent.kill9();
  };
  const killLater = async (ms: number) => {
    const life = agent.starts;
    await systemClock.sleep(ms);
    if (agent.starts === life && agent.pid !== undefined) kill();
  };
  agent.watch({
    onStart: () => {
      calls = 0;
      moment = drawMoment(random);
    },
    onCall: () => {
      calls += 1;
      if (moment.kind === "call" && calls === moment.call) kill();
      if (moment.kind === "time" && calls === 1) void killLater(moment.ms);
    },
  });
}
