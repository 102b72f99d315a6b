import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type ImageSpec, parseArtefactSource, parseImageId, parseSha256 } from "@switchyard/model";
import type { Store } from "../store.ts";
import {
  newJobId,
  readyHost,
  startTestStore,
  type TestStore,
  write,
} from "../testing/test-store.ts";

let test: TestStore;
let store: Store;
before(async () => {
  test = await startTestStore();
  store = test.store;
});
after(() => test.stop());

const SPEC: ImageSpec = {
  source: parseArtefactSource("https://images.example/rocky9.qcow2"),
  sha256: parseSha256("ab".repeat(32)),
  sizeBytesMax: 1024,
  format: "qcow2",
  virtualSizeBytesMax: 4096,
};

const createImage = async (name: string) => {
  const id = parseImageId(name);
  await write(store, (tx) => tx.images.create({ id, spec: SPEC }));
  return id;
};

describe("images", () => {
  it("are found by name, once", async () => {
    const id = await createImage("rocky9");
    assert.deepEqual((await store.reads.images.get(id)).spec, SPEC);
    await assert.rejects(createImage("rocky9"), { reason: "NAME_TAKEN" });
    const { items } = await store.reads.images.list({ size: 10, after: undefined });
    assert.deepEqual(
      items.map((image) => image.id),
      [id],
    );
  });

  it("go with their copies", async () => {
    const id = await createImage("short-lived");
    const { id: host } = await readyHost(store, "images-01");
    const job = newJobId();
    await write(store, (tx) => tx.images.setCopy({ image: id, host, state: "fetching", job }));
    await write(store, (tx) => tx.images.remove({ id, etag: "" }));
    const { items } = await store.reads.images.listCopies({
      image: id,
      size: 10,
      after: undefined,
    });
    assert.deepEqual(items, []);
    await write(store, (tx) => tx.images.setCopy({ image: id, host, state: "cached", job }));
    assert.equal(await store.reads.images.find(id), undefined);
  });

  it("show on a host what its newest job told, and no older one", async () => {
    const id = await createImage("fetched");
    const { id: host } = await readyHost(store, "images-02");
    const [older, newer] = [newJobId(), newJobId()];
    const set = (state: "fetching" | "cached" | "failed", job = newer) =>
      write(store, (tx) => tx.images.setCopy({ image: id, host, state, job }));
    await set("fetching", older);
    await set("fetching");
    await set("failed", older);
    assert.deepEqual((await store.reads.images.get(id)).copyCounts, {
      fetching: 1,
      cached: 0,
      failed: 0,
    });
    await set("cached");
    await set("cached");
    assert.equal((await store.reads.images.get(id)).copyCounts.cached, 1);
  });
});
