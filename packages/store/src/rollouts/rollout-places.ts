import type { RolloutId, RolloutPlace } from "@switchyard/model";
import { sql } from "drizzle-orm";
import type { Session } from "../connection/session.ts";

/** One statement however many hosts. */
export const insertPlaces = (
  session: Session,
  rollout: RolloutId,
  places: readonly RolloutPlace[],
): Promise<unknown> =>
  session.db.execute(sql`
    INSERT INTO rollout_hosts (rollout, host, profile, wave, hardware_class)
    SELECT ${rollout}, host, profile, wave, class
    FROM unnest(${sql.param(places.map(({ host }) => host))}::text[],
      ${sql.param(places.map(({ profile }) => profile))}::text[],
      ${sql.param(places.map(({ wave }) => wave))}::int[],
      ${sql.param(places.map(({ hardwareClass }) => hardwareClass))}::text[])
      AS p(host, profile, wave, class)`);
