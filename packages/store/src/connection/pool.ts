import type { Clock, Logger } from "@switchyard/runtime";
import pg from "pg";

export interface PoolOptions {
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly name: string;
  readonly size: number;
  /** For a pool of few prepared statements that find rows by their keys. */
  readonly keepsPlans: boolean;
  readonly log: Logger;
  readonly clock: Clock;
  /** Told how long each caller waited for a connection, milliseconds. */
  readonly onWait?: (waitedMs: number) => void;
}

/** Bounds of every connection; a statement that needs longer is a mistake or a dead server. */
const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 10_000;
/** Above the server's own limit: it fires only when the server itself is silent. */
const QUERY_TIMEOUT_MS = 12_000;
/** A transaction that waits for its client holds back vacuum. */
const IDLE_IN_TRANSACTION_MS = 10_000;
const IDLE_CLIENT_MS = 30_000;

/**
 * Dispatch finds rows by index, whatever statistics say of tables that were empty a minute ago: a plan that
 * was kept from then would scan them whole for every batch.
 */
const SERVER_OPTIONS = "-c enable_seqscan=off";

/**
 * One plan for each prepared statement, made once. For short arrays the server would rather plan each
 * execution, which takes a fifth of what dispatch costs it while little happens. What is kept is a nested loop
 * over the keys: it stays right however much a table grows.
 */
const KEPT_PLANS =
  "-c plan_cache_mode=force_generic_plan -c enable_hashjoin=off -c enable_mergejoin=off";

const INT8_OID = 20;

function parseInt8(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new RangeError(`${text} does not fit a number`);
}

/** Counters and generations stay far below 2^53; pg would give strings. */
export const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: "text" | "binary") =>
    oid === INT8_OID
      ? parseInt8
      : pg.types.getTypeParser(oid, format)) as pg.CustomTypesConfig["getTypeParser"],
};

type Checkout = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  done: (release?: unknown) => void,
) => void;

/** Every statement of a pool begins with `connect`, with a callback or for a promise. */
class TimedPool extends pg.Pool {
  onWait: ((waitedMs: number) => void) | undefined;
  clock: Clock | undefined;

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Checkout): void;
  override connect(callback?: Checkout): Promise<pg.PoolClient> | undefined {
    const { clock, onWait } = this;
    if (clock === undefined || onWait === undefined) {
      if (callback === undefined) return super.connect();
      super.connect(callback);
      return undefined;
    }
    const startMs = clock.monotonicMs();
    const tell = () => onWait(clock.monotonicMs() - startMs);
    if (callback === undefined) return super.connect().finally(tell);
    super.connect((error, client, done) => {
      tell();
      callback(error, client, done);
    });
    return undefined;
  }
}

/** A pool whose broken connections are logged and replaced, never thrown into the process. */
export function openPool(options: PoolOptions): pg.Pool {
  const log = options.log.child({ pool: options.name });
  const pool = new TimedPool({
    connectionString: options.url,
    application_name: `switchyard-${options.name}`,
    options: options.keepsPlans ? `${SERVER_OPTIONS} ${KEPT_PLANS}` : SERVER_OPTIONS,
    max: options.size,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_CLIENT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    types,
  });
  pool.clock = options.clock;
  pool.onWait = options.onWait;
  pool.on("error", (error) => log.warn({ err: error }, "idle database connection broke"));
  // Without it a connection that breaks while it is checked out ends the process.
  pool.on("connect", (client) => {
    client.on("error", (error) => log.warn({ err: error }, "database connection broke"));
  });
  return pool;
}
