import type { HostId } from "@switchyard/model";
import type { Session } from "../connection/session.ts";
import type { SeriesIds } from "./series-ids.ts";
import type { TelemetryUpload } from "./telemetry-store.ts";

/** Sessions whose series are remembered; at the bound the cache starts anew. A session has some hundred ids. */
const CACHED_SESSIONS_MAX = 20_000;

type SessionKey = Pick<TelemetryUpload, "host" | "session">;

export const sessionKey = ({ host, session }: SessionKey): string => `${host}\n${session}`;

/** What sessions' numbers of series stand for, as far as one transaction knows. */
export interface Dictionaries {
  /** Ids by number, with those that the upload names; undefined where a number below them was not named yet. */
  take(upload: TelemetryUpload): Promise<readonly number[] | undefined>;
  /** Stores what the uploads taken named, with what is queried next. */
  write(): void;
}

/** Known across transactions: only what was committed, or what was read from what was. */
export type DictionaryCache = Map<string, readonly number[]>;

const READ = {
  name: "read_dictionaries",
  text: `SELECT host, session, series FROM telemetry_dictionaries
    WHERE (host, session) IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
};
/** Ids of one session are parted by a comma, sessions stand side by side. */
const WRITE = {
  name: "write_dictionaries",
  text: `INSERT INTO telemetry_dictionaries (host, session, series)
    SELECT host, session, series::integer[]
    FROM unnest($1::text[], $2::text[], $3::text[]) AS d(host, session, series)
    ORDER BY host, session
    ON CONFLICT (host, session) DO UPDATE SET series = excluded.series
    WHERE cardinality(telemetry_dictionaries.series) < cardinality(excluded.series)`,
};

/**
 * For one transaction that holds the marks of the sessions, so that nobody else changes their dictionaries meanwhile.
 *
 * @param uploads those that will be taken: what they need and the cache does not have is read at once
 */
export async function openDictionaries(
  session: Session,
  uploads: readonly TelemetryUpload[],
  known: { readonly cache: DictionaryCache; readonly ids: SeriesIds },
): Promise<Dictionaries & { readonly named: DictionaryCache }> {
  const { cache, ids } = known;
  const current: DictionaryCache = new Map();
  const named: DictionaryCache = new Map();
  const missing = uploads.filter(
    (upload) => upload.firstSeries > (cache.get(sessionKey(upload))?.length ?? 0),
  );
  if (missing.length > 0) {
    const { rows } = await session.client.query<SessionKey & { readonly series: number[] }>({
      ...READ,
      values: [missing.map(({ host }) => host), missing.map((upload) => upload.session)],
    });
    for (const row of rows) current.set(sessionKey(row), row.series);
  }
  return {
    named,
    take: async (upload) => {
      const key = sessionKey(upload);
      const before = named.get(key) ?? current.get(key) ?? cache.get(key) ?? [];
      const { firstSeries, names } = upload;
      if (firstSeries > before.length) return undefined;
      if (firstSeries + names.length <= before.length) return before;
      const more = names.slice(before.length - firstSeries);
      const after = [...before, ...(await ids.idsOf(upload.host, more))];
      named.set(key, after);
      return after;
    },
    write: () => {
      if (named.size === 0) return;
      const keys = [...named.keys()].map((key) => key.split("\n") as [HostId, string]);
      session.client.defer({
        ...WRITE,
        values: [
          keys.map(([host]) => host),
          keys.map(([, name]) => name),
          [...named.values()].map((series) => `{${series.join(",")}}`),
        ],
      });
    },
  };
}

/** Remembers what a transaction named, once it has committed. */
export function rememberNamed(cache: DictionaryCache, named: DictionaryCache): void {
  if (cache.size + named.size > CACHED_SESSIONS_MAX) cache.clear();
  for (const [key, series] of named) cache.set(key, series);
}
