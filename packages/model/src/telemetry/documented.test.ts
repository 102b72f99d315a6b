import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { METRICS, type MetricName, prometheusNameOf } from "./metrics.ts";

const PAGE = readFileSync(new URL("../../../../docs/telemetry.md", import.meta.url), "utf8");
const HEADER = "| metrics | object | read from | rate |";
const NAMES = Object.keys(METRICS) as MetricName[];
const GROUPS = new Set(NAMES.map((name) => name.split(".")[0]));

const inBackticks = (text: string): readonly string[] =>
  [...text.matchAll(/`([^`]+)`/g)].map(([, inner = ""]) => inner);

/** Whether a name is told as itself or by a pattern such as `nic.vf.*`. */
const isTold = (pattern: string, name: string): boolean =>
  new RegExp(`^${pattern.replaceAll(".", "\\.").replaceAll("*", ".*")}$`).test(name);

/** Names and patterns of each row of the table of metrics. */
function readRows(): readonly (readonly string[])[] {
  const lines = PAGE.split("\n");
  const first = lines.indexOf(HEADER);
  assert.notEqual(first, -1, `no table with the header ${HEADER}`);
  const rest = lines.slice(first + 2);
  const rows = rest.slice(
    0,
    rest.findIndex((line) => !line.startsWith("|")),
  );
  return rows.map((row) => inBackticks(row.split("|")[1] ?? ""));
}

describe("docs/telemetry.md", () => {
  it("tells of every metric in one row of its table", () => {
    const rows = readRows();
    const rowsOf = (name: string): number => {
      // A row that names it is more exact than a pattern.
      const byName = rows.filter((row) => row.includes(name));
      const told =
        byName.length > 0 ? byName : rows.filter((row) => row.some((each) => isTold(each, name)));
      return told.length;
    };
    const wrong = NAMES.filter((name) => rowsOf(name) !== 1);
    assert.deepEqual(
      wrong.map((name) => `${name}: in ${rowsOf(name)} rows`),
      [],
    );
  });

  it("tells of none that there is not", () => {
    const table = readRows().flat();
    const elsewhere = inBackticks(PAGE).filter(
      (text) => /^[a-z]+\.[a-z0-9_.*]+$/.test(text) && GROUPS.has(text.split(".")[0]),
    );
    const invented = [...table, ...elsewhere].filter(
      (pattern) => !NAMES.some((name) => isTold(pattern, name)),
    );
    assert.deepEqual(invented, []);
  });

  it("gives Prometheus no other name than the catalogue does", () => {
    const known = new Set(NAMES.map(prometheusNameOf));
    const told = [...PAGE.matchAll(/switchyard_[a-z0-9_]+/g)].map(([name]) => name);
    assert.ok(told.length > 0);
    assert.deepEqual(
      told.filter((name) => !known.has(name)),
      [],
    );
  });
});
