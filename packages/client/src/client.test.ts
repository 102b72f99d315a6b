import assert from "node:assert/strict";
import { promises as dns } from "node:dns";
import { after, before, describe, it } from "node:test";
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceError,
  type sendUnaryData,
  status,
} from "@grpc/grpc-js";
import { InvalidInputError } from "@switchyard/model";
import {
  BadRequest,
  ErrorInfo,
  type GetHostRequest,
  Host,
  HostServiceService,
  RequestInfo,
  Status,
} from "@switchyard/proto";
import { ApiError } from "./api-error.ts";
import { createClient, type SwitchyardClient } from "./client.ts";

function refusal(): Partial<ServiceError> {
  const detail = (name: string, bytes: Uint8Array) => ({
    typeUrl: `type.googleapis.com/google.rpc.${name}`,
    value: Buffer.from(bytes),
  });
  const violation = {
    field: "name",
    description: "is empty",
    reason: "",
    localizedMessage: undefined,
  };
  const facts = { reason: "FIELD_INVALID", domain: "switchyard.dev", metadata: { found: '""' } };
  const body = Status.encode({
    code: status.INVALID_ARGUMENT,
    message: "the request is not valid",
    details: [
      detail("ErrorInfo", ErrorInfo.encode(facts).finish()),
      detail("BadRequest", BadRequest.encode({ fieldViolations: [violation] }).finish()),
      detail("RequestInfo", RequestInfo.encode({ requestId: "r1", servingData: "" }).finish()),
    ],
  }).finish();
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(body));
  return { code: status.INVALID_ARGUMENT, details: "the request is not valid", metadata };
}

describe("createClient", () => {
  const server = new Server();
  let client: SwitchyardClient;
  let port: number;

  before(async () => {
    server.addService(HostServiceService, {
      getHost: (
        call: ServerUnaryCall<GetHostRequest, Host>,
        callback: sendUnaryData<Host>,
      ): void => {
        const [authorization] = call.metadata.get("authorization");
        if (call.request.name === "hosts/slow") return;
        if (call.request.name === "") callback(refusal());
        else
          callback(null, Host.fromPartial({ name: call.request.name, uid: String(authorization) }));
      },
    });
    port = await new Promise<number>((resolve, reject) =>
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      ),
    );
    const address = `127.0.0.1:${port}`;
    client = createClient({ address, security: { kind: "insecure" }, token: "secret" });
  });

  after(() => {
    client.close();
    server.forceShutdown();
  });

  it("answers with promises and sends the token", async () => {
    const host = await client.hosts.getHost({ name: "hosts/a" });
    assert.equal(host.name, "hosts/a");
    assert.equal(host.uid, "Bearer secret");
  });

  it("turns a refusal into an ApiError with everything the server said", async () => {
    await assert.rejects(client.hosts.getHost({}), (error) => {
      assert.ok(error instanceof ApiError);
      assert.equal(error.code, "INVALID_ARGUMENT");
      assert.equal(error.reason, "FIELD_INVALID");
      assert.equal(error.metadata["found"], '""');
      assert.deepEqual(error.fieldViolations, [{ field: "name", description: "is empty" }]);
      assert.equal(error.requestId, "r1");
      const json = JSON.parse(JSON.stringify(error)) as { code: number; details: unknown[] };
      assert.equal(json.code, 3);
      assert.equal(json.details.length, 3);
      return true;
    });
  });

  it("bounds a call in time and obeys a signal", async () => {
    const isError = (code: string) => (error: unknown) =>
      error instanceof ApiError && error.code === code;
    const request = { name: "hosts/slow" };
    await assert.rejects(
      client.hosts.getHost(request, { timeoutMs: 20 }),
      isError("DEADLINE_EXCEEDED"),
    );
    await assert.rejects(
      client.hosts.getHost(request, { signal: AbortSignal.abort() }),
      isError("CANCELLED"),
    );
  });

  it("asks DNS for addresses alone, as an answer that never comes would keep a program from its end", async (t) => {
    const asked = t.mock.method(dns, "resolveTxt", () => new Promise(() => undefined));
    const security = { kind: "insecure" } as const;
    const named = createClient({ address: `localhost:${port}`, security });
    assert.equal((await named.hosts.getHost({ name: "hosts/a" })).name, "hosts/a");
    named.close();
    assert.equal(asked.mock.callCount(), 0);
  });

  it("refuses plain text to another machine", () => {
    const options = { address: "10.0.0.1:7443", security: { kind: "insecure" } } as const;
    assert.throws(() => createClient(options), InvalidInputError);
  });
});
