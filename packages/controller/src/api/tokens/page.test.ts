import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SwitchyardError } from "@switchyard/model";
import { createPager, cutPage } from "./page.ts";
import { createTokenSealer } from "./sealed-token.ts";

const pager = createPager(createTokenSealer({ key: "k", purpose: "page" }));
const reason = (wanted: string) => (error: unknown) =>
  error instanceof SwitchyardError && error.reason === wanted;

describe("createPager", () => {
  it("takes 100 for 0 and refuses sizes out of bounds", () => {
    assert.equal(pager.pageOf({ pageSize: 0, pageToken: "" }, {}).limit, 100);
    assert.equal(pager.pageOf({ pageSize: 1000, pageToken: "" }, {}).limit, 1000);
    for (const pageSize of [-1, 1001]) {
      assert.throws(() => pager.pageOf({ pageSize, pageToken: "" }, {}), reason("FIELD_INVALID"));
    }
  });

  it("goes on after the last key of the page before", () => {
    const pageToken = pager.nextToken("h-7", { list: "hosts" });
    const page = pager.pageOf({ pageSize: 5, pageToken }, { list: "hosts" });
    assert.deepEqual(page, { limit: 5, after: "h-7" });
  });

  it("refuses a token made for another list or filter", () => {
    const pageToken = pager.nextToken("h-7", { list: "hosts", labels: { rack: "1" } });
    for (const filter of [{ list: "hosts", labels: { rack: "2" } }, { list: "vms" }]) {
      assert.throws(
        () => pager.pageOf({ pageSize: 0, pageToken }, filter),
        reason("PAGE_TOKEN_INVALID"),
      );
    }
  });
});

describe("cutPage", () => {
  it("names the last row only when more rows follow", () => {
    const rows = ["a", "b", "c"];
    assert.deepEqual(
      cutPage(rows, 2, (row) => row),
      { rows: ["a", "b"], lastKey: "b" },
    );
    assert.equal(cutPage(rows, 3, (row) => row).lastKey, undefined);
    assert.deepEqual(
      cutPage([], 3, () => ""),
      { rows: [], lastKey: undefined },
    );
  });
});
