import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { parse } from "yaml";
import { KEYS } from "./config.ts";

const FILE = new URL("../../../deploy/config/controller.yaml", import.meta.url);

describe("deploy/config/controller.yaml", () => {
  it("has a line for every key, set or commented out, and no other", async () => {
    const text = await readFile(FILE, "utf8");
    const named = [...text.matchAll(/^(?:# )?([a-z0-9_]+):(?: |$)/gm)].map(([, key]) => key);
    assert.deepEqual([...new Set(named)].sort(), [...KEYS].sort());
    const known: readonly string[] = KEYS;
    assert.ok(Object.keys(parse(text)).every((key) => known.includes(key)));
  });
});
