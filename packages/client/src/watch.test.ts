import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { ErrorInfo, Status } from "@switchyard/proto";
import { ApiError } from "./api-error.ts";
import type { Timing } from "./timing.ts";
import { type WatchItem, watch } from "./watch.ts";

type Event =
  | { readonly $case: "change"; readonly value: string }
  | {
      readonly $case: "progress";
      readonly value: { readonly resumeToken: string; readonly isSynced: boolean };
    };
type Script = readonly (Event | ApiError)[];

const change = (value: string): Event => ({ $case: "change", value });
const progress = (resumeToken: string, isSynced = false): Event => ({
  $case: "progress",
  value: { resumeToken, isSynced },
});

function apiError(code: keyof typeof status, reason = ""): ApiError {
  const metadata = new Metadata();
  if (reason !== "") {
    const value = Buffer.from(ErrorInfo.encode({ reason, domain: "d", metadata: {} }).finish());
    const details = [{ typeUrl: "type.googleapis.com/google.rpc.ErrorInfo", value }];
    const body = Status.encode({ code: Number(status[code]), message: "", details }).finish();
    metadata.set("grpc-status-details-bin", Buffer.from(body));
  }
  const error = Object.assign(new Error(code), { code: status[code], details: code, metadata });
  return new ApiError(error as unknown as ServiceError);
}

/** A controller that answers one call after the other by script, and notes with what it was asked. */
function scripted(scripts: readonly Script[]) {
  const tokens: string[] = [];
  const open = async function* (request: { resumeToken?: string }) {
    const script = scripts[tokens.length];
    tokens.push(request.resumeToken ?? "");
    for (const event of script ?? [apiError("PERMISSION_DENIED")]) {
      if (event instanceof ApiError) throw event;
      yield { event };
    }
  };
  return { tokens, open };
}

const stillTiming: Timing = { nowMs: () => 0, sleep: async () => undefined, random: () => 0 };

async function collect(
  open: ReturnType<typeof scripted>["open"],
  request: { resumeToken?: string } = {},
): Promise<{ readonly items: readonly WatchItem<string>[]; readonly error: unknown }> {
  const items: WatchItem<string>[] = [];
  try {
    const options = { timing: stillTiming, attemptsMax: 2 };
    for await (const item of watch<{ resumeToken: string }, { event: Event }>(
      open,
      request,
      options,
    )) {
      items.push(item);
    }
    return { items, error: undefined };
  } catch (error) {
    return { items, error };
  }
}

describe("watch", () => {
  it("goes on from the last token after a lost connection", async () => {
    const { tokens, open } = scripted([
      [change("a"), progress("t1", true), change("b"), apiError("UNAVAILABLE")],
      [change("b"), progress("t2")],
    ]);
    const { items } = await collect(open);
    assert.deepEqual(tokens.slice(0, 3), ["", "t1", "t2"]);
    assert.deepEqual(
      items.flatMap((item) => (item.kind === "change" ? [item.value] : [])),
      ["a", "b", "b"],
    );
    assert.ok(items.some(({ kind }) => kind === "reconnecting"));
  });

  it("goes on when a controller ends the stream in order", async () => {
    const { tokens, open } = scripted([[progress("t1")], [progress("t2")]]);
    await collect(open);
    assert.deepEqual(tokens, ["", "t1", "t2"]);
  });

  it("says so and lists again when its token has become too old", async () => {
    const { tokens, open } = scripted([
      [progress("t1"), apiError("UNAVAILABLE")],
      [apiError("OUT_OF_RANGE", "RESUME_TOKEN_TOO_OLD")],
      [change("fresh")],
    ]);
    const { items } = await collect(open);
    assert.deepEqual(tokens.slice(0, 3), ["", "t1", ""]);
    const kinds = items.map(({ kind }) => kind);
    assert.ok(kinds.indexOf("restarted") < kinds.indexOf("change"));
  });

  it("leaves a caller's own token that is too old to the caller", async () => {
    const { open } = scripted([[apiError("OUT_OF_RANGE", "RESUME_TOKEN_TOO_OLD")]]);
    const { error } = await collect(open, { resumeToken: "mine" });
    assert.ok(error instanceof ApiError && error.reason === "RESUME_TOKEN_TOO_OLD");
  });

  it("gives up after its bound of attempts in a row", async () => {
    const lost = [apiError("UNAVAILABLE")];
    const { tokens, open } = scripted([lost, lost, lost, lost]);
    const { error } = await collect(open);
    assert.ok(error instanceof ApiError && error.code === "UNAVAILABLE");
    assert.equal(tokens.length, 3);
  });

  it("does not try again what trying again can't mend", async () => {
    const { tokens, open } = scripted([[apiError("PERMISSION_DENIED", "PERMISSION_MISSING")]]);
    const { error } = await collect(open);
    assert.ok(error instanceof ApiError && error.reason === "PERMISSION_MISSING");
    assert.equal(tokens.length, 1);
  });

  it("ends when its signal aborts", async () => {
    const { open } = scripted([[change("a"), change("b")]]);
    const abort = new AbortController();
    const seen: string[] = [];
    const options = { timing: stillTiming, signal: abort.signal };
    for await (const item of watch<{ resumeToken: string }, { event: Event }>(open, {}, options)) {
      seen.push(item.kind);
      abort.abort();
    }
    assert.ok(seen.length <= 2);
  });
});
