/*
 * DER as far as certificates need it. @see ITU-T X.690; RFC 5280
 */

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  utf8: 0x0c,
  time: 0x18,
  sequence: 0x30,
  set: 0x31,
  /** `[n] EXPLICIT`. */
  explicit: (n: number) => 0xa0 + n,
  /** `[n] IMPLICIT` of a primitive type. */
  implicit: (n: number) => 0x80 + n,
} as const;

function lengthOf(bytes: number): Buffer {
  if (bytes < 0x80) return Buffer.from([bytes]);
  const octets = bytes < 0x100 ? [bytes] : [bytes >> 8, bytes & 0xff];
  return Buffer.from([0x80 + octets.length, ...octets]);
}

/** One value of up to 64 KiB: its tag, its length, what it holds. */
export function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
}

export const sequence = (...parts: readonly Buffer[]): Buffer => der(TAG.sequence, ...parts);
export const octets = (...values: readonly number[]): Buffer => Buffer.from(values);
export const bits = (content: Buffer): Buffer => der(TAG.bitString, octets(0), content);
export const objectId = (hex: string): Buffer => der(TAG.objectId, Buffer.from(hex, "hex"));

/** `YYYYMMDDHHMMSSZ`. */
export const timeOf = (ms: number): Buffer =>
  der(TAG.time, Buffer.from(`${new Date(ms).toISOString().replace(/[-:T]|\.\d+Z$/g, "")}Z`));

export function pemOf(label: string, content: Buffer): string {
  const lines = content.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
