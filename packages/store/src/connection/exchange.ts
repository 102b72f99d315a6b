import pg from "pg";

/** A statement of an exchange. */
export type Statement = pg.QueryConfig & {
  /** Undefined: prepared for this once. */
  readonly name?: string;
};

/** pg's own query, with the members by which its client feeds it. */
interface FedQuery extends pg.Query {
  submit: (connection: pg.Connection) => void;
  handleRowDescription(message: unknown): void;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, connection: pg.Connection): void;
  handleReadyForQuery(connection: pg.Connection): void;
}

/** What pg notes on a connection about named statements. */
interface Preparations extends pg.Connection {
  readonly submittedNamedStatements: Record<string, string>;
  sync(): void;
}

type Parse = Parameters<pg.Connection["parse"]>[0];
type Done = (error: Error | undefined, results: readonly pg.QueryResult[]) => void;

/**
 * Several statements in one round trip. There is one Sync behind the last, so that the server skips all that
 * follows a statement that failed: a COMMIT at the end is executed only if everything before it was.
 *
 * @see PostgreSQL manual, 55.2.4, Pipelining
 */
class Exchange implements pg.Submittable {
  /** Set and wrapped by the client, which ends it with its own time limit. */
  callback: Done;
  readonly #queries: readonly FedQuery[];
  readonly #results: pg.QueryResult[] = [];
  /** Statements whose Parse was sent and not confirmed. */
  readonly #parsing: Parse[] = [];
  #answered = 0;
  #failure: Error | undefined;

  constructor(statements: readonly Statement[], types: pg.CustomTypesConfig, done: Done) {
    this.callback = done;
    this.#queries = statements.map((statement) => this.#query({ types, ...statement }));
  }

  /** The statement being prepared: the client notes by name and text what the connection has prepared. */
  get name(): string | undefined {
    return this.#parsing[0]?.name;
  }

  get text(): string | undefined {
    return this.#parsing[0]?.text;
  }

  readonly submit = (connection: pg.Connection): void => {
    connection.on("parseComplete", this.#onParsed);
    const withoutSync: pg.Connection = Object.create(connection, {
      sync: { value: () => undefined },
      parse: { value: (parse: Parse) => this.#parse(connection, parse) },
      // pg closes a statement whose values can't be sent, and goes on taking it for prepared.
      close: { value: () => undefined },
    });
    connection.stream.cork();
    for (const query of this.#queries) {
      query.submit(withoutSync);
      // Values that can't be sent: what would follow must not be either.
      if (this.#failure !== undefined) break;
    }
    (connection as Preparations).sync();
    connection.stream.uncork();
  };

  handleRowDescription(message: unknown): void {
    this.#current()?.handleRowDescription(message);
  }

  handleDataRow(message: unknown): void {
    this.#current()?.handleDataRow(message);
  }

  handleCommandComplete(message: unknown, connection: pg.Connection): void {
    this.#current()?.handleCommandComplete(message, connection);
    this.#answered += 1;
  }

  handleReadyForQuery(connection: pg.Connection): void {
    this.#end(connection);
    for (const query of this.#queries) query.handleReadyForQuery(connection);
    this.callback(this.#failure, this.#results);
  }

  handleError(error: Error, connection: pg.Connection): void {
    this.#end(connection);
    this.callback(error, []);
  }

  #query(statement: Statement): FedQuery {
    // pg sends a statement without values in the simple protocol, which has no place in an exchange.
    const config = { ...statement, queryMode: "extended" };
    return new pg.Query(config, (error, result) => {
      if (error === undefined || error === null) this.#results.push(result as pg.QueryResult);
      else this.#failure ??= error;
    }) as FedQuery;
  }

  #current(): FedQuery | undefined {
    return this.#queries[this.#answered];
  }

  #parse(connection: pg.Connection, parse: Parse): void {
    this.#parsing.push(parse);
    connection.parse(parse, true);
  }

  readonly #onParsed = () => void this.#parsing.shift();

  /** Statements the server skipped are not prepared, whatever was sent. */
  #end(connection: pg.Connection): void {
    connection.off("parseComplete", this.#onParsed);
    const { submittedNamedStatements } = connection as Preparations;
    for (const { name } of this.#parsing) delete submittedNamedStatements[name];
  }
}

/** Sends the statements together; their results in order. @throws the error of the first that failed */
export function exchange(
  client: pg.ClientBase,
  statements: readonly Statement[],
  types: pg.CustomTypesConfig,
): Promise<readonly pg.QueryResult[]> {
  return new Promise((resolve, reject) => {
    client.query(
      new Exchange(statements, types, (error, results) => {
        if (error === undefined || error === null) resolve(results);
        else reject(error);
      }),
    );
  });
}
