import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  type Client,
  type ClientDuplexStream,
  credentials,
  loadPackageDefinition,
  type ServiceClientConstructor,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { DESCRIPTOR_SET_BASE64 } from "@switchyard/proto";
import { systemClock } from "@switchyard/runtime";
import { addReflection, splitDescriptorSet } from "./reflection.ts";
import { createServer, type RunningServer, startServer } from "./server.ts";

interface ReflectionAnswer {
  readonly listServicesResponse?: { readonly service: readonly { readonly name: string }[] };
  readonly fileDescriptorResponse?: { readonly fileDescriptorProto: readonly Uint8Array[] };
  readonly errorResponse?: { readonly errorMessage: string };
}

type ReflectionClient = Client & {
  ServerReflectionInfo(): ClientDuplexStream<object, ReflectionAnswer>;
};

const root = join(
  dirname(createRequire(import.meta.url).resolve("@grpc/reflection/package.json")),
  "build/proto/grpc/reflection",
);

function connect(version: "v1" | "v1alpha", address: string): ReflectionClient {
  const definition = loadSync(join(root, version, "reflection.proto"), { oneofs: true });
  const packages = loadPackageDefinition(definition) as unknown as {
    readonly grpc: {
      readonly reflection: Readonly<
        Record<string, { readonly ServerReflection: ServiceClientConstructor }>
      >;
    };
  };
  const Service = packages.grpc.reflection[version]!.ServerReflection; // the file of this version defines it
  return new Service(address, credentials.createInsecure()) as unknown as ReflectionClient;
}

async function ask(client: ReflectionClient, request: object): Promise<ReflectionAnswer> {
  const stream = client.ServerReflectionInfo();
  const answer = new Promise<ReflectionAnswer>((resolve, reject) => {
    stream.on("data", resolve);
    stream.on("error", reject);
  });
  stream.write(request);
  const got = await answer;
  stream.end();
  return got;
}

const SERVICES = [
  "Enrollment",
  "Event",
  "Host",
  "Image",
  "Job",
  "Network",
  "Plan",
  "Profile",
  "Telemetry",
];

for (const version of ["v1", "v1alpha"] as const) {
  describe(`reflection ${version}`, () => {
    let running: RunningServer;
    let client: ReflectionClient;

    before(async () => {
      const server = createServer();
      addReflection(server);
      running = await startServer(server, {
        address: "127.0.0.1:0",
        tls: undefined,
        insecureLoopback: true,
        clock: systemClock,
      });
      client = connect(version, running.address);
    });

    after(async () => {
      client.close();
      await running.stop();
    });

    it("lists all services", async () => {
      const answer = await ask(client, { listServices: "*" });
      const names = answer.listServicesResponse?.service.map(({ name }) => name) ?? [];
      for (const service of [...SERVICES, "Vm"]) {
        assert.ok(names.includes(`switchyard.v1.${service}Service`), `${service} in ${names}`);
      }
      assert.ok(names.includes("grpc.health.v1.Health"));
    });

    it("hands out the file of a symbol with everything it imports", async () => {
      const answer = await ask(client, { fileContainingSymbol: "switchyard.v1.VmService" });
      const files = answer.fileDescriptorResponse?.fileDescriptorProto ?? [];
      const names = files.map((bytes) => Buffer.from(bytes.subarray(2, 2 + bytes[1]!)).toString());
      assert.equal(names[0], "switchyard/v1/vm_service.proto");
      for (const file of ["switchyard/v1/vm.proto", "google/protobuf/timestamp.proto"]) {
        assert.ok(names.includes(file), `${file} in ${names}`);
      }
    });

    it("finds every file by its name, and says so of a name it does not know", async () => {
      const set = splitDescriptorSet(Buffer.from(DESCRIPTOR_SET_BASE64, "base64"));
      for (const bytes of set) {
        const name = bytes.subarray(2, 2 + bytes[1]!).toString();
        const answer = await ask(client, { fileByFilename: name });
        assert.ok(answer.fileDescriptorResponse, `${name}: ${answer.errorResponse?.errorMessage}`);
      }
      const unknown = await ask(client, { fileByFilename: "no.proto" });
      assert.match(unknown.errorResponse?.errorMessage ?? "", /not found/);
    });
  });
}
