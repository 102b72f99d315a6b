import type { Server } from "@grpc/grpc-js";
import { loadSync, type PackageDefinition } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { InvariantError } from "@switchyard/model";
import { DESCRIPTOR_SET_BASE64 } from "@switchyard/proto";
import { protoPath as healthProtoPath } from "grpc-health-check";

/** Tag of FileDescriptorSet.file: field 1, length-delimited. @see google/protobuf/descriptor.proto */
const FILE_TAG = 0x0a;

/**
 * The FileDescriptorProtos of a FileDescriptorSet, each as it was. The loader's own reading merges all
 * files of a package into one; clients would then see neither our file names nor their imports.
 */
export function splitDescriptorSet(set: Buffer): Buffer[] {
  const files: Buffer[] = [];
  for (let at = 0; at < set.length; ) {
    if (set[at] !== FILE_TAG) throw new InvariantError("descriptor set has an unknown field");
    let length = 0;
    let shift = 0;
    let octet = 0;
    do {
      at += 1;
      octet = set[at] ?? 0;
      length += (octet & 0x7f) << shift;
      shift += 7;
    } while (octet >= 0x80);
    files.push(set.subarray(at + 1, at + 1 + length));
    at += 1 + length;
  }
  return files;
}

/** Reflection, v1 and v1alpha, over every file of the API and the health service's. */
export function addReflection(server: Pick<Server, "addService">): void {
  const files = splitDescriptorSet(Buffer.from(DESCRIPTOR_SET_BASE64, "base64"));
  const ours: PackageDefinition = {
    "switchyard.v1": {
      format: "Protocol Buffer 3 DescriptorProto",
      type: {},
      fileDescriptorProtos: files,
    } as unknown as PackageDefinition[string], // reflection reads nothing but the files of an entry
  };
  new ReflectionService({ ...loadSync(healthProtoPath), ...ours }).addToServer(server);
}
