import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StoreError } from "@switchyard/model";
import { allOf, togetherOrAlone } from "./together.ts";

const REFUSAL = new StoreError("RESOURCE_IN_USE", "no");
const AWAY = new StoreError("DATABASE_UNAVAILABLE", "away");

describe("allOf", () => {
  it("rejects with the first failure, and not before every work has ended", async () => {
    const slow = Promise.withResolvers<string>();
    const later = Promise.withResolvers<string>();
    let isSettled = false;
    const all = allOf([slow.promise, Promise.reject(REFUSAL), later.promise]).finally(() => {
      isSettled = true;
    });
    all.catch(() => undefined);
    later.reject(AWAY);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(isSettled, false);
    slow.resolve("done");
    await assert.rejects(all, REFUSAL);
  });
});

describe("togetherOrAlone", () => {
  const counted = (trouble: { readonly together?: Error; readonly alone?: string }) => {
    const calls: string[] = [];
    const run = {
      together: async (items: readonly string[]) => {
        calls.push(items.join("+"));
        if (trouble.together !== undefined) throw trouble.together;
        return items;
      },
      alone: async (item: string) => {
        calls.push(item);
        if (item === trouble.alone) throw REFUSAL;
        return item;
      },
    };
    return { calls, run };
  };
  const kept = (value: string) => ({ status: "fulfilled" as const, value });
  const lost = (reason: Error) => ({ status: "rejected" as const, reason });

  it("does all together where none fails", async () => {
    const { calls, run } = counted({});
    assert.deepEqual(await togetherOrAlone(["a", "b"], run), [kept("a"), kept("b")]);
    assert.deepEqual(calls, ["a+b"]);
  });

  it("does each alone where one fails, so that only that one is lost", async () => {
    const { calls, run } = counted({ together: REFUSAL, alone: "b" });
    const results = await togetherOrAlone(["a", "b", "c"], run);
    assert.deepEqual(results, [kept("a"), lost(REFUSAL), kept("c")]);
    assert.deepEqual(calls, ["a+b+c", "a", "b", "c"]);
  });

  it("tries nothing again while the database is away", async () => {
    const { calls, run } = counted({ together: AWAY });
    assert.deepEqual(await togetherOrAlone(["a", "b"], run), [lost(AWAY), lost(AWAY)]);
    assert.deepEqual(calls, ["a+b"]);
  });

  it("does a single one alone at once", async () => {
    const { calls, run } = counted({});
    assert.deepEqual(await togetherOrAlone(["a"], run), [kept("a")]);
    assert.deepEqual(calls, ["a"]);
  });
});
