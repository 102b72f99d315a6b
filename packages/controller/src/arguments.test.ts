import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseArguments } from "./arguments.ts";

describe("parseArguments", () => {
  const accepted: readonly (readonly [string, object])[] = [
    ["", { kind: "run" }],
    ["--check-config", { kind: "check-config" }],
    ["--check-health", { kind: "check-health" }],
    ["init --name a --name b", { kind: "init", folder: "/etc/switchyard", names: ["a", "b"] }],
    ["init --folder /x", { kind: "init", folder: "/x", names: [] }],
  ];
  for (const [line, verb] of accepted) {
    it(`takes "${line}"`, () => {
      assert.deepEqual(parseArguments(line.split(" ").filter((word) => word !== "")), verb);
    });
  }

  for (const line of [
    "run",
    "--chek-config",
    "init more",
    "--name a",
    "init --check-config",
    "--check-config --check-health",
  ]) {
    it(`answers "${line}" with the usage`, () => {
      const verb = parseArguments(line.split(" "));
      assert.ok(verb.kind === "usage" && verb.text.includes("usage: controller"));
    });
  }
});
