import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { placeCluster } from "./prepared-cluster.ts";

describe("placeCluster", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "sy-cluster-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const clusterOf = (owner = userInfo().username) => {
    let made = 0;
    return {
      name: "cluster-1",
      cache: join(folder, "cache"),
      owner,
      initialise: async (dataFolder: string) => {
        made += 1;
        await mkdir(dataFolder);
        await writeFile(join(dataFolder, "PG_VERSION"), String(made));
      },
    };
  };
  const place = async (name: string, cluster: ReturnType<typeof clusterOf>) => {
    await placeCluster(join(folder, name), cluster);
    return readFile(join(folder, name, "PG_VERSION"), "utf8");
  };

  it("makes a cluster once and gives each a copy of its own", async () => {
    const cluster = clusterOf();
    assert.equal(await place("first", cluster), "1");
    await writeFile(join(folder, "first", "PG_VERSION"), "changed");
    assert.equal(await place("second", cluster), "1");
    assert.deepEqual(await readdir(cluster.cache), ["cluster-1"]);
  });

  it("is the same for all that make it side by side", async () => {
    const cluster = clusterOf();
    const made = await Promise.all(["a", "b", "c"].map((name) => place(name, clusterOf())));
    assert.deepEqual(made, ["1", "1", "1"]);
    assert.deepEqual(await readdir(cluster.cache), ["cluster-1"]);
  });

  it("makes it anew where the files belong to another user", async () => {
    await place("first", clusterOf());
    const cluster = clusterOf("nobody");
    await place("second", cluster);
    assert.equal(await place("third", cluster), "2");
  });

  it("leaves nothing where it can't be made", async () => {
    const broken = { ...clusterOf(), initialise: () => Promise.reject(new Error("no initdb")) };
    await assert.rejects(place("first", broken), /no initdb/);
    assert.deepEqual(await readdir(broken.cache), []);
  });
});
