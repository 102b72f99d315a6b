import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SwitchyardError } from "@switchyard/model";
import { createPager } from "./page.ts";
import { createTokenSealer } from "./sealed-token.ts";

const pager = createPager(createTokenSealer({ key: "k", purpose: "page" }));
const reason = (wanted: string) => (error: unknown) =>
  error instanceof SwitchyardError && error.reason === wanted;

describe("createPager", () => {
  it("takes 100 for 0 and refuses sizes out of bounds", () => {
    assert.equal(pager.pageOf({ pageSize: 0, pageToken: "" }, {}).size, 100);
    assert.equal(pager.pageOf({ pageSize: 1000, pageToken: "" }, {}).size, 1000);
    for (const pageSize of [-1, 1001]) {
      assert.throws(() => pager.pageOf({ pageSize, pageToken: "" }, {}), reason("FIELD_INVALID"));
    }
  });

  it("goes on after the last key of the page before", () => {
    const pageToken = pager.tokenOf("h-7", { list: "hosts" });
    const page = pager.pageOf({ pageSize: 5, pageToken }, { list: "hosts" });
    assert.deepEqual(page, { size: 5, after: "h-7" });
  });

  it("gives no token at the end", () => {
    assert.equal(pager.tokenOf(undefined, {}), "");
  });

  it("reads a list page by page, to its end", async () => {
    const items = ["h-1", "h-2", "h-3"];
    const read = (pageToken: string) =>
      pager.read({ pageSize: 2, pageToken }, { list: "hosts" }, async ({ size, after }) => {
        const from = items.indexOf(after ?? "") + 1;
        const page = items.slice(from, from + size);
        return { items: page, next: from + size < items.length ? page.at(-1) : undefined };
      });
    const first = await read("");
    const last = await read(first.nextPageToken);
    assert.deepEqual([...first.items, ...last.items], items);
    assert.equal(last.nextPageToken, "");
  });

  it("refuses a token made for another list or filter", () => {
    const pageToken = pager.tokenOf("h-7", { list: "hosts", labels: { rack: "1" } });
    for (const filter of [{ list: "hosts", labels: { rack: "2" } }, { list: "vms" }]) {
      assert.throws(
        () => pager.pageOf({ pageSize: 0, pageToken }, filter),
        reason("PAGE_TOKEN_INVALID"),
      );
    }
  });
});
