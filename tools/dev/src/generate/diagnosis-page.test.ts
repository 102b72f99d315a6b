import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { CHECKS, DECISION_ORDERS } from "@switchyard/model";
import { repositoryRoot } from "../root.ts";
import { diagnosisPage } from "./diagnosis-page.ts";

describe("docs/diagnosis.md", () => {
  it("is what the doctor's tables make of it: run ./dev generate", () => {
    assert.equal(readFileSync(join(repositoryRoot, "docs/diagnosis.md"), "utf8"), diagnosisPage());
  });

  it("has every check and both decision orders", () => {
    const page = diagnosisPage();
    for (const id of Object.keys(CHECKS)) {
      assert.ok(page.includes(`\n| ${id} | `), id);
    }
    for (const { title } of Object.values(DECISION_ORDERS)) assert.ok(page.includes(title));
  });
});
