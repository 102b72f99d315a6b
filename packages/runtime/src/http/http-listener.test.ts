import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { SwitchyardError } from "@switchyard/model";
import { silentLogger } from "../log.ts";
import { type HttpListener, startHttpListener } from "./http-listener.ts";

describe("startHttpListener", () => {
  let listener: HttpListener;
  before(async () => {
    listener = await startHttpListener({
      address: "127.0.0.1:0",
      routes: {
        "/healthz": () => ({ status: 200, body: "alive\n" }),
        "/broken": () => Promise.reject(new Error("inner detail")),
      },
      log: silentLogger,
    });
  });
  after(() => listener.stop());

  const get = (path: string, method = "GET") =>
    fetch(`http://${listener.address}${path}`, { method });

  it("answers GET by path, whatever the query", async () => {
    const answer = await get("/healthz?verbose=1");
    assert.equal(answer.status, 200);
    assert.equal(await answer.text(), "alive\n");
  });

  it("says what is there where nothing is", async () => {
    const answer = await get("/");
    assert.equal(answer.status, 404);
    assert.match(await answer.text(), /\/healthz/);
  });

  it("takes nothing but GET", async () => {
    assert.equal((await get("/healthz", "POST")).status, 405);
  });

  it("keeps the inside of a failure to the log", async () => {
    const answer = await get("/broken");
    assert.equal(answer.status, 500);
    assert.doesNotMatch(await answer.text(), /inner/);
  });

  it("refuses an address that is malformed or taken", async () => {
    for (const address of ["7480", "127.0.0.1:70000", listener.address]) {
      await assert.rejects(
        startHttpListener({ address, routes: {}, log: silentLogger }),
        (error: unknown) => error instanceof SwitchyardError && error.reason === "CONFIG_INVALID",
      );
    }
  });
});
