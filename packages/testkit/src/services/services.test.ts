import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, describe, it } from "node:test";
import pg from "pg";
import { waitFor } from "../wait-for.ts";
import { startNats, type TestNats } from "./nats.ts";
import { startPostgres, type TestPostgres } from "./postgres.ts";

describe("startPostgres", () => {
  let postgres: TestPostgres;
  before(async () => {
    postgres = await startPostgres();
  });
  after(() => postgres.stop());

  const query = async (url: string, text: string) => {
    const client = new pg.Client({ connectionString: url });
    client.on("error", () => undefined);
    await client.connect();
    try {
      return (await client.query(text)).rows;
    } finally {
      await client.end();
    }
  };

  it("is durable and keeps committed rows through SIGKILL", async () => {
    const url = await postgres.createDatabase("keeps");
    assert.deepEqual(await query(url, "SHOW fsync"), [{ fsync: "on" }]);
    await query(url, "CREATE TABLE kept AS SELECT 1 AS one");
    await postgres.kill9();
    await assert.rejects(query(url, "SELECT 1"));
    await postgres.restart();
    assert.deepEqual(await query(url, "SELECT one FROM kept"), [{ one: 1 }]);
  });
});

describe("startNats", () => {
  let nats: TestNats;
  before(async () => {
    nats = await startNats({ config: "max_payload: 1MB" });
  });
  after(() => nats.stop());

  const greeting = () =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(nats.port, "127.0.0.1");
      socket.once("error", reject);
      socket.once("data", (chunk) => {
        socket.destroy();
        resolve(chunk.toString());
      });
    });

  it("offers JetStream and its configuration on a port of its own", async () => {
    const info = await greeting();
    assert.match(info, /"jetstream":true/);
    assert.match(info, /"max_payload":1000000|"max_payload":1048576/);
  });

  it("comes back on the same port after SIGKILL", async () => {
    await nats.kill9();
    await assert.rejects(greeting());
    await nats.restart();
    assert.match(await greeting(), /"jetstream":true/);
  });
});

describe("waitFor", () => {
  it("names the last state when the deadline is over", async () => {
    await assert.rejects(
      waitFor(() => undefined, { deadlineMs: 20, describe: () => "2 of 3 hosts" }),
      /not reached within 20 ms; last state: 2 of 3 hosts/,
    );
  });

  it("takes a read that throws for a level not reached yet", async () => {
    let reads = 0;
    const level = await waitFor(() => {
      reads += 1;
      if (reads < 3) throw new Error("not yet");
      return reads;
    });
    assert.equal(level, 3);
  });
});
