import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { parseHostId, parseProfileId, StoreError } from "@switchyard/model";
import { waitFor } from "@switchyard/testkit";
import type { Store } from "../store.ts";
import {
  enrollHost,
  profileSpec,
  startTestStore,
  type TestStore,
  uuid,
  write,
} from "../testing/test-store.ts";

let test: TestStore;
let store: Store;
before(async () => {
  test = await startTestStore();
  store = test.store;
  await enrollHost(store, "a");
  await enrollHost(store, "b");
});
after(() => test.stop());

const hostA = parseHostId("a");
const hostB = parseHostId("b");

describe("a transaction", () => {
  it("runs again after a deadlock, and both sides come through", async () => {
    const entered = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
    let runs = 0;
    const crossing = (first: typeof hostA, second: typeof hostA, own: 0 | 1) =>
      write(store, async (tx) => {
        runs += 1;
        await tx.hosts.raiseDesiredGeneration(first);
        entered[own].resolve();
        await entered[own === 0 ? 1 : 0].promise;
        return tx.hosts.raiseDesiredGeneration(second);
      });
    await Promise.all([crossing(hostA, hostB, 0), crossing(hostB, hostA, 1)]);
    assert.equal(runs, 3);
    assert.equal((await store.reads.hosts.get(hostA)).desiredGeneration, 2);
    assert.equal((await store.reads.hosts.get(hostB)).desiredGeneration, 2);
  });

  it("runs again when its connection is cut in the middle", async () => {
    let runs = 0;
    const generation = await write(store, async (tx) => {
      runs += 1;
      const raised = await tx.hosts.raiseDesiredGeneration(hostA);
      if (runs === 1) {
        await test.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE application_name = 'switchyard-api' AND state = 'idle in transaction'`);
      }
      return raised;
    });
    assert.equal(runs, 2);
    assert.equal((await store.reads.hosts.get(hostA)).desiredGeneration, generation);
  });

  it("leaves nothing behind when its work throws", async () => {
    const id = parseProfileId("thrown");
    const thrown = new StoreError("RESOURCE_IN_USE", "no");
    const failing = write(store, async (tx) => {
      await tx.profiles.create({ id, spec: profileSpec });
      throw thrown;
    });
    await assert.rejects(failing, thrown);
    assert.equal(await store.reads.profiles.find(id), undefined);
  });
});

describe("the database going away", () => {
  it("is DATABASE_UNAVAILABLE, kills no process, keeps what was committed, and heals", async () => {
    const id = parseProfileId("kept");
    await write(store, (tx) => tx.profiles.create({ id, spec: profileSpec }));
    await test.postgres.kill9();
    const requestId = uuid();
    const create = () =>
      store.transaction({ actor: "users/ada", requestId }, (tx) =>
        tx.once({ method: "M", requestId, bodyDigest: "a" }, () =>
          tx.profiles.create({ id: parseProfileId("while-away"), spec: profileSpec }),
        ),
      );
    await assert.rejects(create(), { reason: "DATABASE_UNAVAILABLE", code: "UNAVAILABLE" });
    await assert.rejects(store.reads.profiles.get(id), { reason: "DATABASE_UNAVAILABLE" });
    await assert.rejects(store.ping(), { reason: "DATABASE_UNAVAILABLE" });
    await test.postgres.restart();
    await waitFor(() => store.ping().then(() => true), { deadlineMs: 10_000 });
    assert.equal((await store.reads.profiles.get(id)).id, id);
    assert.equal((await create()).id, "while-away");
    assert.equal((await create()).id, "while-away");
  });
});
