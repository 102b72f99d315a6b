import { deflateRawSync, inflateRawSync } from "node:zlib";
import { canonicalJson } from "@switchyard/model";

/** Largest document on the wire and in memory; the second bounds what a deflated bomb can grow to. */
export interface DocumentBounds {
  readonly wireBytesMax: number;
  readonly jsonBytesMax: number;
}

/** Undefined where it would be larger than the bound. */
export function deflateJson(value: unknown, { wireBytesMax }: DocumentBounds): Buffer | undefined {
  const bytes = deflateRawSync(canonicalJson(value));
  return bytes.length > wireBytesMax ? undefined : bytes;
}

/** Undefined where the bytes are none, too many or no JSON. */
export function inflateJson(bytes: Uint8Array, bounds: DocumentBounds): unknown {
  if (bytes.length === 0 || bytes.length > bounds.wireBytesMax) return undefined;
  try {
    const json = inflateRawSync(bytes, { maxOutputLength: bounds.jsonBytesMax });
    return JSON.parse(json.toString());
  } catch {
    return undefined;
  }
}
