import { createHash } from "node:crypto";

type Field = string | number | bigint | Uint8Array;

const encodeField = (field: Field): Uint8Array => {
  if (field instanceof Uint8Array) return field;
  return Buffer.from(typeof field === "string" ? field : field.toString());
};

/**
 * The bytes a signature is made over: a context, so that a signature for one kind of message is none for
 * another, then every field behind its length, so that no two lists of fields have the same bytes.
 */
export function signingBytes(context: string, fields: readonly Field[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const field of [context, ...fields]) {
    const bytes = encodeField(field);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    parts.push(length, bytes);
  }
  return Buffer.concat(parts);
}

export const sha256 = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();
