import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { StoreError } from "@switchyard/model";
import {
  BadRequest,
  ErrorInfo,
  EventServiceClient,
  EventServiceService,
  Help,
  type ListEventsResponse,
  PreconditionFailure,
  RequestInfo,
  RetryInfo,
  Status,
  type WatchEventsResponse,
} from "@switchyard/proto";
import { createPassiveTracer, silentLogger, systemClock, systemRandom } from "@switchyard/runtime";
import { createHealth } from "./health.ts";
import { createAuthenticator } from "./interceptors/authentication.ts";
import { PreconditionError } from "./interceptors/precondition-error.ts";
import { createHandlers, type EndedCall } from "./interceptors/service.ts";
import { addReflection } from "./reflection.ts";
import { createServer, type RunningServer, startServer } from "./server.ts";
import { createViolations } from "./validation/violations.ts";

const LOCAL = {
  address: "127.0.0.1:0",
  tls: undefined,
  insecureLoopback: true,
  clock: systemClock,
};
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** What the methods of the service under test throw, by the resource asked for. */
const FAULTS: Readonly<Record<string, () => unknown>> = {
  invalid: () => {
    const violations = createViolations();
    violations.add("profile.spec.datapath.vf_count", "is 0; must be 1 to 127");
    violations.add("profile.spec.datapath.max_vqp", "is 64; must be 1 to 32");
    violations.assertNone();
  },
  bug: () => {
    throw new TypeError("secret inner detail");
  },
  down: () => {
    throw new StoreError("DATABASE_UNAVAILABLE", "the database does not answer");
  },
  full: () => {
    throw new PreconditionError("NO_CAPACITY", "no host can take vm-1", {
      metadata: { hosts: "1" },
      violations: [{ type: "slots", subject: "hosts/r1", description: "found 0, needs 1" }],
    });
  },
};

function call(
  client: EventServiceClient,
  resource: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<ListEventsResponse> {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(headers)) metadata.set(key, value);
  return new Promise((resolve, reject) => {
    client.listEvents({ pageSize: 0, pageToken: "", resource }, metadata, (error, response) => {
      if (error === null) resolve(response);
      else reject(error);
    });
  });
}

async function failure(promise: Promise<unknown>): Promise<{
  readonly error: ServiceError;
  readonly details: ReadonlyMap<string, Buffer>;
}> {
  const error = await promise.then(
    () => assert.fail("the call was answered"),
    (caught: ServiceError) => caught,
  );
  const [bytes] = error.metadata.get("grpc-status-details-bin");
  assert.ok(bytes instanceof Buffer, "no details");
  const details = Status.decode(bytes).details.map(
    (any) => [any.typeUrl.replace("type.googleapis.com/google.rpc.", ""), any.value] as const,
  );
  return { error, details: new Map(details) };
}

describe("the gRPC edge", () => {
  let running: RunningServer;
  let client: EventServiceClient;
  let isDatabaseUp = true;
  let stopHealth: () => Promise<void>;
  let returned = 0;
  const ended: string[] = [];

  before(async () => {
    const server = createServer();
    const edge = {
      authenticator: createAuthenticator({
        tokens: [
          { name: "vera", role: "viewer", sha256: sha256("v-token") },
          { name: "olga", role: "operator", sha256: sha256("o-token") },
        ],
        localAdmin: true,
      }),
      clock: systemClock,
      random: systemRandom,
      log: silentLogger,
      stopping: new AbortController().signal,
      tracer: createPassiveTracer(systemRandom),
      onCall: ({ method, code, isStream }: EndedCall) => {
        ended.push(`${method} ${code}${isStream ? " stream" : ""}`);
      },
    };
    async function* endless(): AsyncGenerator<WatchEventsResponse> {
      try {
        for (;;) yield { event: { $case: "progress", value: { resumeToken: "", isSynced: true } } };
      } finally {
        returned += 1;
      }
    }
    server.addService(
      EventServiceService,
      createHandlers(edge, EventServiceService, {
        listEvents: {
          role: "operator",
          call: async (request, context) => {
            FAULTS[request.resource]?.();
            if (request.resource === "trace") {
              return { events: [], nextPageToken: context.traceparent };
            }
            return { events: [], nextPageToken: `${context.caller.name} ${context.callId}` };
          },
        },
        watchEvents: { role: "viewer", stream: endless },
      }),
    );
    const health = createHealth({
      services: ["switchyard.v1.EventService"],
      parts: [
        {
          name: "postgres",
          check: async () => {
            if (!isDatabaseUp) throw new Error("down");
          },
        },
      ],
      clock: systemClock,
    });
    health.addToServer(server);
    addReflection(server);
    running = await startServer(server, LOCAL);
    const checking = health.start();
    stopHealth = () => checking.stop();
    client = new EventServiceClient(running.address, credentials.createInsecure());
  });

  after(async () => {
    client.close();
    await stopHealth();
    await running.stop();
  });

  it("names every violated field with its path", async () => {
    const { error, details } = await failure(call(client, "invalid"));
    assert.equal(error.code, status.INVALID_ARGUMENT);
    assert.equal(ErrorInfo.decode(details.get("ErrorInfo")!).reason, "FIELD_INVALID");
    assert.equal(ErrorInfo.decode(details.get("ErrorInfo")!).domain, "switchyard.dev");
    assert.deepEqual(
      BadRequest.decode(details.get("BadRequest")!).fieldViolations.map(({ field }) => field),
      ["profile.spec.datapath.vf_count", "profile.spec.datapath.max_vqp"],
    );
  });

  it("keeps the inside of a bug to itself", async () => {
    const { error, details } = await failure(call(client, "bug"));
    assert.equal(error.code, status.INTERNAL);
    assert.doesNotMatch(JSON.stringify(error) + error.metadata.toJSON(), /secret/);
    assert.equal(ErrorInfo.decode(details.get("ErrorInfo")!).reason, "INVARIANT_BROKEN");
  });

  it("says when to try again while the database is away", async () => {
    const { error, details } = await failure(call(client, "down"));
    assert.equal(error.code, status.UNAVAILABLE);
    assert.equal(RetryInfo.decode(details.get("RetryInfo")!).retryDelay?.seconds, 1n);
  });

  it("lists what stands in the way, and where help is", async () => {
    const { details } = await failure(call(client, "full"));
    assert.deepEqual(PreconditionFailure.decode(details.get("PreconditionFailure")!).violations, [
      { type: "slots", subject: "hosts/r1", description: "found 0, needs 1" },
    ]);
    assert.equal(
      Help.decode(details.get("Help")!).links[0]?.description,
      "swy explain NO_CAPACITY",
    );
  });

  it("echoes the caller's request id in answers and errors, and replaces one that is no id", async () => {
    const answer = await call(client, "", { "x-request-id": "req-1" });
    assert.equal(answer.nextPageToken, "local req-1");
    const { error, details } = await failure(call(client, "bug", { "x-request-id": "req-2" }));
    assert.deepEqual(error.metadata.get("x-request-id"), ["req-2"]);
    assert.equal(RequestInfo.decode(details.get("RequestInfo")!).requestId, "req-2");
    const replaced = await call(client, "", { "x-request-id": "a b" });
    assert.match(replaced.nextPageToken, /^local [0-9a-f-]{36}$/);
  });

  it("takes the caller's trace, and begins one where there is none or a wrong one", async () => {
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const taken = await call(client, "trace", { traceparent });
    assert.equal(taken.nextPageToken, traceparent);
    for (const headers of [{}, { traceparent: "00-x" }]) {
      const begun = await call(client, "trace", headers);
      assert.match(begun.nextPageToken, /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    }
  });

  it("tells of every call that ended, by method and code", async () => {
    ended.length = 0;
    await call(client, "");
    await failure(call(client, "down"));
    await failure(call(client, "bug"));
    const method = "switchyard.v1.EventService/ListEvents";
    assert.deepEqual(ended, [`${method} OK`, `${method} UNAVAILABLE`, `${method} INTERNAL`]);
  });

  it("knows callers by token, and refuses too small a role and an unknown token", async () => {
    const answer = await call(client, "", { authorization: "Bearer o-token" });
    assert.match(answer.nextPageToken, /^olga /);
    const viewer = await failure(call(client, "", { authorization: "Bearer v-token" }));
    assert.equal(viewer.error.code, status.PERMISSION_DENIED);
    const unknown = await failure(call(client, "", { authorization: "Bearer x" }));
    assert.equal(unknown.error.code, status.UNAUTHENTICATED);
  });

  it("stops producing for a reader that is slow, and ends when the reader leaves", async () => {
    const watch = client.watchEvents({ resumeToken: "", resource: "" });
    watch.on("error", () => undefined);
    await new Promise((resolve) => watch.once("data", resolve));
    watch.cancel();
    const deadline = systemClock.monotonicMs() + 5_000;
    while (returned === 0 && systemClock.monotonicMs() < deadline) await systemClock.sleep(5);
    assert.equal(returned, 1);
  });

  it("reports NOT_SERVING per service while a part is down", async () => {
    const states: string[] = [];
    const checkOnce = (service: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const health = new Client(running.address, credentials.createInsecure());
        health.makeUnaryRequest(
          "/grpc.health.v1.Health/Check",
          (name: string) => Buffer.from([0x0a, name.length, ...Buffer.from(name)]),
          (bytes) => (bytes[1] === 1 ? "SERVING" : "NOT_SERVING"),
          service,
          (error, state) => {
            health.close();
            if (error === null) resolve(state ?? "");
            else reject(error);
          },
        );
      });
    const waitFor = async (state: string): Promise<void> => {
      const deadline = systemClock.monotonicMs() + 8_000;
      while (systemClock.monotonicMs() < deadline) {
        states.push(await checkOnce("switchyard.v1.EventService"));
        if (states.at(-1) === state) return;
        await systemClock.sleep(20);
      }
      assert.fail(`never ${state}: ${states.slice(-5).join(", ")}`);
    };
    await waitFor("SERVING");
    isDatabaseUp = false;
    await waitFor("NOT_SERVING");
    isDatabaseUp = true;
    await waitFor("SERVING");
  });
});
