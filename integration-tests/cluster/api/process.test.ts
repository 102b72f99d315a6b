import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createClient } from "@switchyard/client";
import { type Broker, startBroker } from "@switchyard/dev/stack";
import {
  freePort,
  lintExposition,
  startPostgres,
  type TestPostgres,
  waitFor,
} from "@switchyard/testkit";

const MAIN = new URL("../../../packages/controller/src/main.ts", import.meta.url).pathname;

interface Running {
  readonly child: ChildProcess;
  /** Everything it logged so far. */
  log(): string;
}

function start(environment: Readonly<Record<string, string>>): Running {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN], {
    env: { PATH: process.env["PATH"] ?? "", ...environment },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let text = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  return { child, log: () => text };
}

async function exitCode({ child }: Running): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode;
  const [code] = (await once(child, "exit")) as [number | null];
  return code;
}

describe("the controller's process", () => {
  let postgres: TestPostgres;
  let broker: Broker;
  let folder: string;
  let settings: Readonly<Record<string, string>>;

  before(async () => {
    [postgres, broker] = await Promise.all([startPostgres(), startBroker()]);
    folder = await mkdtemp(join(tmpdir(), "sy-controller-"));
    const file = async (name: string, text: string): Promise<string> => {
      await writeFile(join(folder, name), text);
      return join(folder, name);
    };
    settings = {
      SY_CONFIG: join(folder, "absent.yaml"),
      SY_DATA_FOLDER: folder,
      SY_DATABASE_URL: await postgres.createDatabase("process"),
      SY_LISTEN: `127.0.0.1:${await freePort()}`,
      SY_HTTP_LISTEN: `127.0.0.1:${await freePort()}`,
      SY_INSECURE_LOOPBACK: "true",
      SY_CLUSTER_KEY_FILE: await file("cluster.key", "k".repeat(64)),
      SY_NATS_SERVERS: broker.nats.url,
      SY_NATS_SEED_FILE: await file("nats.seed", broker.controllerKey.seed),
      SY_NATS_USERS_FILE: broker.usersFile,
      SY_NATS_PID_FILE: broker.pidFile,
    };
  });
  after(async () => {
    await broker.stop();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it("serves with settings from its environment and ends in order on SIGTERM", async () => {
    const running = start(settings);
    const address = settings["SY_LISTEN"] ?? "";
    const client = createClient({ address, security: { kind: "insecure" } });
    const hosts = await waitFor(() => client.hosts.listHosts({}), {
      deadlineMs: 30_000,
      describe: () => running.log(),
    });
    assert.deepEqual(hosts.hosts, []);
    client.close();
    const gateway = `http://${settings["SY_HTTP_LISTEN"]}`;
    await waitFor(async () => (await fetch(`${gateway}/readyz`)).ok, {
      describe: () => running.log(),
    });
    const scraped = await (await fetch(`${gateway}/metrics`)).text();
    assert.deepEqual(lintExposition(scraped), []);
    assert.match(scraped, /^switchyard_outbox_jobs 0$/m);
    assert.match(scraped, /^switchyard_bus_pending_messages\{kind="jobs"\} 0$/m);
    assert.match(scraped, /^switchyard_scrape_errors_total\{source="fleet"\} 0$/m);
    running.child.kill("SIGTERM");
    assert.equal(await exitCode(running), 0, running.log());
  });

  it("does not start without TLS beyond loopback, and says why", async () => {
    const running = start({ ...settings, SY_LISTEN: "0.0.0.0:0" });
    assert.equal(await exitCode(running), 1);
    assert.match(running.log(), /would listen without TLS on 0\.0\.0\.0:0/);
  });

  it("does not start without a database, and names the setting", async () => {
    const { SY_DATABASE_URL: _, ...rest } = settings;
    const running = start(rest);
    assert.equal(await exitCode(running), 1);
    assert.match(running.log(), /database_url/);
  });
});
