import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ConfigValue } from "../inventory/firmware.ts";
import { configNumber, configValueToSet, isConfigValue } from "./config-value.ts";

const value = (text: string) => text as ConfigValue;

describe("isConfigValue", () => {
  it("knows a value in each form it may be written", () => {
    for (const wanted of ["1", "True", "true", "True(1)"]) {
      assert.equal(isConfigValue(value("True(1)"), wanted), true, wanted);
    }
    assert.equal(isConfigValue(value("16"), "16"), true);
    assert.equal(isConfigValue(value("ETH(2)"), "ETH"), true);
  });

  it("tells different values apart, and one that is not known from all", () => {
    assert.equal(isConfigValue(value("True(1)"), "0"), false);
    assert.equal(isConfigValue(value("16"), "1"), false);
    assert.equal(isConfigValue(undefined, "1"), false);
  });
});

describe("configValueToSet", () => {
  it("is what the tool takes back", () => {
    assert.equal(configValueToSet(value("False(0)")), "0");
    assert.equal(configValueToSet(value("Array[0..7]")), "Array[0..7]");
    assert.equal(configNumber(value("True(1)")), 1);
    assert.equal(configNumber(value("16")), 16);
    assert.equal(configNumber(value("Array[0..7]")), undefined);
  });
});
