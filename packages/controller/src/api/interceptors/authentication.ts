import { createHash, timingSafeEqual } from "node:crypto";
import type { Metadata } from "@grpc/grpc-js";
import { SwitchyardError } from "@switchyard/model";
import type { Caller } from "./call-context.ts";
import { includesRole, type RequiredRole, type Role } from "./role.ts";

/** One row of the token table: who holds the token, what they may do, and the token's SHA-256 in hex. */
export interface ApiToken {
  readonly name: string;
  readonly role: Role;
  readonly sha256: string;
}

export interface Authenticator {
  /** @throws SwitchyardError CREDENTIALS_INVALID when a token is sent that is not in the table */
  identify(metadata: Metadata): Caller;
}

const BEARER = /^Bearer +(\S+)$/i;

const sha256 = (text: string): Buffer => createHash("sha256").update(text).digest();

/**
 * Callers by bearer token.
 *
 * @param options.localAdmin callers without a token are admins; only for a server that listens on loopback
 */
export function createAuthenticator(options: {
  readonly tokens: readonly ApiToken[];
  readonly localAdmin: boolean;
}): Authenticator {
  const table = options.tokens.map((token) => ({
    caller: { name: token.name, role: token.role },
    digest: Buffer.from(token.sha256, "hex"),
  }));
  return {
    identify: (metadata) => {
      const [header] = metadata.get("authorization");
      if (header === undefined) {
        return options.localAdmin
          ? { name: "local", role: "admin" }
          : { name: "anonymous", role: undefined };
      }
      const token = BEARER.exec(String(header))?.[1];
      const digest = sha256(token ?? "");
      const row = table.find((candidate) => timingSafeEqual(candidate.digest, digest));
      if (row !== undefined) return row.caller;
      throw new SwitchyardError("CREDENTIALS_INVALID", "the bearer token is not known here");
    },
  };
}

/** @throws SwitchyardError CREDENTIALS_INVALID, PERMISSION_MISSING */
export function authorize(caller: Caller, needed: RequiredRole): void {
  if (needed === "anyone") return;
  if (caller.role === undefined) {
    throw new SwitchyardError("CREDENTIALS_INVALID", "this call needs a bearer token", {
      needs: `a token with role ${needed}`,
    });
  }
  if (includesRole(caller.role, needed)) return;
  throw new SwitchyardError("PERMISSION_MISSING", `${caller.name} is no ${needed}`, {
    found: `role ${caller.role}`,
    needs: `role ${needed}`,
  });
}
