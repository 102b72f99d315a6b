import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { exitCodeOfStatus } from "../exit-codes.ts";
import { type ApiErrorLike, problemOfApiError } from "./error.ts";
import { formatProblem } from "./problem.ts";
import { createStyle, wantsColor, wantsUnicode } from "./style.ts";
import { createRowFormatter, formatFields, formatTable } from "./table.ts";
import { plainText } from "./text.ts";
import { enumWord, formatAge, formatBytes } from "./values.ts";

const plain = createStyle({ isColored: false, isUnicode: true });
const colored = createStyle({ isColored: true, isUnicode: true });

describe("formatProblem", () => {
  it("has the shape that every error has", () => {
    const problem = {
      severity: "error",
      message: "r740-07 cannot enter switchdev mode",
      reason: "ESWITCH_FIRMWARE_TOO_OLD",
      facts: [
        ["found", "firmware 22.27.61.06 on 0000:82:00.0 (PSID DEL0000000027)"],
        ["needs", "22.39.10.02 or newer"],
        ["try", "Update the firmware to 22.39.10.02 or newer."],
        ["left", undefined],
      ],
      requestId: "01J9ZK",
    } as const;
    assert.deepEqual(formatProblem(problem, plain).split("\n"), [
      "error: r740-07 cannot enter switchdev mode                     [ESWITCH_FIRMWARE_TOO_OLD]",
      "  found  firmware 22.27.61.06 on 0000:82:00.0 (PSID DEL0000000027)",
      "  needs  22.39.10.02 or newer",
      "  try    Update the firmware to 22.39.10.02 or newer.",
      "  more   swy explain ESWITCH_FIRMWARE_TOO_OLD      request 01J9ZK",
      "",
    ]);
  });

  it("lines up labels that are longer, and later lines under the first", () => {
    const problem = {
      severity: "error",
      message: "m",
      reason: "",
      facts: [
        ["found", "x"],
        ["exitCode", "1\n2"],
      ],
    } as const;
    assert.equal(
      formatProblem(problem, plain),
      "error: m\n  found     x\n  exitCode  1\n            2\n",
    );
  });

  it("lets nothing a host said reach the terminal's controls", () => {
    const problem = {
      severity: "warning",
      message: "bad \u001b[2Jnews",
      reason: "",
      facts: [["found", "a\u0007b"]],
    } as const;
    assert.equal(formatProblem(problem, plain), "warning: bad news\n  found  a b\n");
  });
});

describe("problemOfApiError", () => {
  const apiError = (parts: Partial<ApiErrorLike>): ApiErrorLike =>
    Object.assign(new Error(parts.message ?? "no host can take VM big"), {
      name: "ApiError",
      code: "RESOURCE_EXHAUSTED",
      reason: "NO_CAPACITY",
      metadata: {},
      fieldViolations: [],
      preconditions: [],
      requestId: "",
      toJSON: () => ({}),
      ...parts,
    });

  it("says of every host why it would not do, and says it once", () => {
    const why = "found 64 vCPUs free; needs 200 vCPUs";
    const error = apiError({
      metadata: { "hosts/a": `vcpu: ${why}`, refused_by_vcpu: "1", host_count: "1" },
      preconditions: [{ type: "vcpu", subject: "hosts/a", description: why }],
    });
    const shown = problemOfApiError(error, "x:1").facts.filter(([, text]) => text !== undefined);
    assert.deepEqual(shown, [
      ["why", `hosts/a  vcpu: ${why}`],
      ["try", "Read the reason given for each host."],
    ]);
  });

  it("leaves out a precondition that only repeats the message", () => {
    const message = "VMs are on network lan";
    const precondition = { type: "RESOURCE_IN_USE", subject: "networks/lan", description: message };
    const error = apiError({ message, reason: "RESOURCE_IN_USE", preconditions: [precondition] });
    const labels = problemOfApiError(error, "x:1").facts.map(([label]) => label);
    assert.equal(labels.includes("why"), false);
  });

  it("names every field that is not valid", () => {
    const fieldViolations = [{ field: "vf_count", description: "is 200; must be 1 to 127" }];
    const { facts } = problemOfApiError(apiError({ fieldViolations }), "x:1");
    assert.deepEqual(facts[0], ["field", "vf_count is 200; must be 1 to 127"]);
  });
});

describe("formatTable", () => {
  const columns = [
    { header: "NAME", cell: (row: { name: string; size: number }) => row.name },
    { header: "SIZE", cell: (row: { size: number }) => String(row.size), isNumber: true },
  ];
  const rows = [
    { name: "a", size: 1 },
    { name: "", size: 100 },
  ];

  it("aligns columns, numbers to the right, and shows what is empty", () => {
    assert.equal(
      formatTable(columns, rows, { style: plain, hasHeaders: true }),
      "NAME  SIZE\na        1\n-      100\n",
    );
  });

  it("aligns coloured cells by what is seen", () => {
    const states = [
      { header: "S", cell: (row: { text: string }) => colored.state("good", row.text) },
      { header: "X", cell: () => "x" },
    ];
    const table = formatTable(states, [{ text: "ok" }, { text: "ready" }], {
      style: colored,
      hasHeaders: false,
    });
    const seen = plainText(table).split("\n");
    assert.equal(seen[0]?.indexOf("x"), seen[1]?.indexOf("x"));
  });

  it("keeps the widest so far when rows come one by one", () => {
    const format = createRowFormatter(columns, plain);
    assert.equal(format({ name: "longer", size: 1 }), "longer     1\n");
    assert.equal(format({ name: "b", size: 2 }), "b          2\n");
  });

  it("leaves out fields without a value", () => {
    assert.equal(
      formatFields([
        ["a", "1"],
        ["bb", ""],
        ["ccc", undefined],
      ]),
      "  a  1\n",
    );
  });
});

describe("wantsColor", () => {
  const wants = (env: Record<string, string>, isTty: boolean) => wantsColor("auto", { env, isTty });

  it("goes by the first rule that speaks", () => {
    assert.equal(wantsColor("always", { env: { NO_COLOR: "1" }, isTty: false }), true);
    assert.equal(wantsColor("never", { env: { FORCE_COLOR: "1" }, isTty: true }), false);
    assert.equal(wants({ NO_COLOR: "1", FORCE_COLOR: "1" }, true), false);
    assert.equal(wants({ CLICOLOR_FORCE: "1", TERM: "dumb" }, false), true);
    assert.equal(wants({ FORCE_COLOR: "0" }, true), true);
    assert.equal(wants({ CLICOLOR: "0" }, true), false);
    assert.equal(wants({ TERM: "dumb" }, true), false);
    assert.equal(wants({}, true), true);
    assert.equal(wants({}, false), false);
  });

  it("has its counterpart for marks beyond ASCII", () => {
    assert.equal(wantsUnicode({ LANG: "en_GB.UTF-8" }), true);
    assert.equal(wantsUnicode({ LANG: "en_GB.UTF-8", LC_ALL: "C" }), false);
    assert.equal(wantsUnicode({ LANG: "C.utf8", SWY_ACCESSIBLE: "1" }), false);
  });
});

describe("values", () => {
  it("read as people read them", () => {
    assert.equal(formatBytes(4n * 1024n ** 3n), "4 GiB");
    assert.equal(formatBytes(1536), "1.5 KiB");
    assert.equal(enumWord({ UNSPECIFIED: 0, NEEDS_OPERATOR: 6 }, 6), "needs-operator");
    assert.equal(enumWord({ UNSPECIFIED: 0 }, 9), "unrecognized");
    const now = 1_000_000_000;
    const ages = [5, 65, 3_700, 7_200, 90_000, 400_000].map((seconds) =>
      formatAge(new Date(now - seconds * 1000), now),
    );
    assert.deepEqual(ages, ["5s", "1m", "1h1m", "2h", "25h", "4d"]);
  });
});

describe("exitCodeOfStatus", () => {
  it("follows the page of exit codes", () => {
    const codes = {
      INVALID_ARGUMENT: 2,
      NOT_FOUND: 3,
      UNAUTHENTICATED: 4,
      PERMISSION_DENIED: 5,
      ABORTED: 6,
      ALREADY_EXISTS: 6,
      FAILED_PRECONDITION: 7,
      RESOURCE_EXHAUSTED: 7,
      UNAVAILABLE: 8,
      DEADLINE_EXCEEDED: 8,
      INTERNAL: 1,
      UNKNOWN: 1,
    };
    for (const [status, code] of Object.entries(codes)) {
      assert.equal(exitCodeOfStatus(status), code, status);
    }
  });
});
