import type { Clock } from "@switchyard/runtime";
import { sqlState } from "../connection/database-error.ts";
import type { Transactor } from "../connection/transactor.ts";
import { placeGroups } from "./place-groups.ts";
import type { GroupOutcome, PlacementGroup, PlacementStore } from "./placement-store.ts";
import { createPoolHints } from "./pool-hints.ts";

/** @see PostgreSQL manual, appendix A */
const UNIQUE_VIOLATION = "23505";

/** Times that another transaction may take a name or an address that was seen free a moment before. */
const TRIES_MAX = 4;

export function createPlacementStore(options: {
  readonly transactor: Transactor;
  readonly clock: Clock;
}): PlacementStore {
  const hints = createPoolHints(options.clock);

  const run = (groups: readonly PlacementGroup[], isDryRun: boolean) =>
    options.transactor.run(
      {
        pool: "relay",
        actor: "controller",
        // With a request id a second run finds the first one's answer.
        isRepeatable: groups.every(({ request }) => request !== undefined),
        isDryRun,
      },
      (session) => placeGroups(session, groups, hints),
    );

  const place = async (
    groups: readonly PlacementGroup[],
    isDryRun: boolean,
  ): Promise<readonly GroupOutcome[]> => {
    for (let tried = 1; ; tried += 1) {
      try {
        return await run(groups, isDryRun);
      } catch (error) {
        if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
        if (tried < TRIES_MAX) continue;
        if (groups.length === 1) throw error;
        const alone: GroupOutcome[] = [];
        for (const group of groups) alone.push(...(await place([group], isDryRun)));
        return alone;
      }
    }
  };
  return { place: (groups, { isDryRun = false } = {}) => place(groups, isDryRun) };
}
