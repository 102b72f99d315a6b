import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { JobEvent } from "@switchyard/client";
import { type FakeController, startFakeController } from "../testing/fake-controller.ts";
import { type FakeIoOptions, runFake } from "../testing/fake-io.ts";
import { advance, formatProgress, type Progress } from "./progress.ts";

const NOTHING: Progress = { total: 0, done: 0, title: "", detail: "", isUndoing: false };
const WIDE = { columns: 100, isUnicode: true };

const after3 = (...bodies: readonly NonNullable<JobEvent["body"]>[]): Progress =>
  bodies.reduce((progress, body) => advance(progress, JobEvent.fromPartial({ body })), NOTHING);

const planned = {
  $case: "planned",
  value: { steps: [{}, {}, {}, {}].map((step, at) => ({ ...step, id: `0${at}` })) },
} as unknown as NonNullable<JobEvent["body"]>;
const started = (title: string) =>
  ({ $case: "stepStarted", value: { step: "01", title, spanId: "" } }) as const;
const finished = { $case: "stepFinished", value: { step: "01", changed: true } } as const;
const log = (line: string) => ({ $case: "log", value: { step: "01", line } }) as const;

describe("progress of a job", () => {
  it("counts steps, and shows the one that runs with what it said last", () => {
    const progress = after3(planned, started("Fetch rocky9"), finished, started("Start web-1"));
    assert.equal(
      formatProgress(progress, WIDE),
      `${"█".repeat(5)}${"░".repeat(15)} 1/4 Start web-1`,
    );
    const fetching = after3(planned, started("Fetch rocky9"), log("fetched 734003200 bytes"));
    assert.match(formatProgress(fetching, WIDE), / 0\/4 Fetch rocky9: fetched 700 MiB$/);
  });

  it("goes back while steps are undone", () => {
    const undone = { $case: "stepUndone", value: { step: "01" } } as const;
    const progress = after3(planned, started("Start web-1"), finished, finished, undone);
    assert.match(formatProgress(progress, WIDE), / 1\/4 undoing; Start web-1$/);
  });

  it("stays within the terminal, and in ASCII where the locale wants it", () => {
    const progress = after3(planned, started("A title that is much longer than the terminal"));
    const narrow = formatProgress(progress, { columns: 40, isUnicode: false });
    assert.equal(narrow.length, 39);
    assert.match(narrow, /^\.{20} 0\/4 A title/);
  });

  it("can't be steered by what a guest or a host said", () => {
    const progress = after3(planned, started("x"), log("\u001b[2Ja\nb"));
    assert.match(formatProgress(progress, WIDE), /x: a b$/);
  });
});

describe("waiting for a job", () => {
  let controller: FakeController;
  before(async () => {
    controller = await startFakeController();
  });
  after(() => controller.stop());
  const swy = (line: string, options: FakeIoOptions = {}) =>
    runFake(line.split(" "), { ...options, env: { SWY_ADDR: controller.address, ...options.env } });
  const BAR = /[█░]{20}/;

  it("shows a bar to a person, and takes it away in the end", async () => {
    const { stderr } = await swy("job watch j1", { isTty: true });
    assert.match(stderr, BAR);
    assert.match(stderr.split("\r\u001b[2K").at(-1) ?? "", /succeeded/);
  });

  it("shows plain lines to a pipe, and to who asks for them", async () => {
    assert.doesNotMatch((await swy("job watch j1")).stderr, BAR);
    const accessible = { isTty: true, env: { SWY_ACCESSIBLE: "1" } };
    assert.doesNotMatch((await swy("job watch j1", accessible)).stderr, /[█░#]{5}/);
    const dumb = { isTty: true, env: { TERM: "dumb" } };
    assert.doesNotMatch((await swy("job watch j1", dumb)).stderr, BAR);
  });
});
