import { createHmac, timingSafeEqual } from "node:crypto";

/** Bytes of the HMAC kept in a token: 128 bits. */
const MAC_LENGTH = 16;

/** Longest token that is looked at. */
const TOKEN_LENGTH_MAX = 4096;

/** Makes and opens tokens that callers hold but can't read meaning into or alter. */
export interface TokenSealer {
  seal(value: unknown): string;
  /** Undefined for a token this key did not make for this purpose. */
  open(token: string): unknown;
}

/**
 * HMAC-SHA256 over JSON, base64url. Every controller of a cluster has the same key, so that a token from
 * one works at another.
 *
 * @param options.purpose part of the MAC: a page token is no resume token
 */
export function createTokenSealer(options: {
  readonly key: string;
  readonly purpose: string;
}): TokenSealer {
  const macOf = (body: Buffer): Buffer =>
    createHmac("sha256", options.key)
      .update(`${options.purpose}\0`)
      .update(body)
      .digest()
      .subarray(0, MAC_LENGTH);
  return {
    seal: (value) => {
      const body = Buffer.from(JSON.stringify(value));
      return Buffer.concat([macOf(body), body]).toString("base64url");
    },
    open: (token) => {
      if (token.length > TOKEN_LENGTH_MAX) return undefined;
      const bytes = Buffer.from(token, "base64url");
      if (bytes.length <= MAC_LENGTH) return undefined;
      const body = bytes.subarray(MAC_LENGTH);
      if (!timingSafeEqual(bytes.subarray(0, MAC_LENGTH), macOf(body))) return undefined;
      const value: unknown = JSON.parse(body.toString());
      return value;
    },
  };
}
