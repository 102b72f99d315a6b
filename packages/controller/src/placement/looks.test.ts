import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { createLooks } from "./looks.ts";

/** Looks that end when they are told to, and how many have begun. */
function start() {
  const begun: PromiseWithResolvers<void>[] = [];
  const looks = createLooks(() => {
    const look = Promise.withResolvers<void>();
    begun.push(look);
    return look.promise;
  });
  return { begun, looks };
}

describe("looks", () => {
  it("serve all who ask during one by the next, and only that", async () => {
    const { begun, looks } = start();
    const first = looks.next();
    await turn();
    const later = [looks.next(), looks.next()];
    assert.equal(begun.length, 1);
    assert.notEqual(later[0], first);
    assert.equal(later[0], later[1]);
    begun[0]?.resolve();
    await first;
    await turn();
    assert.equal(begun.length, 2);
    begun[1]?.resolve();
    await Promise.all(later);
  });

  it("say which is under way, and that none is", async () => {
    const { begun, looks } = start();
    assert.equal(looks.underWay(), undefined);
    const look = looks.next();
    assert.equal(looks.underWay(), look);
    await turn();
    begun[0]?.resolve();
    await look;
    await turn();
    assert.equal(looks.underWay(), undefined);
  });

  it("go on after one that failed", async () => {
    const { begun, looks } = start();
    const failed = looks.next();
    await turn();
    begun[0]?.reject(new Error("away"));
    await assert.rejects(failed, /away/);
    const good = looks.next();
    await turn();
    begun[1]?.resolve();
    await good;
  });
});
