import { join } from "node:path";
import { createHostKey, type HostKey, hostKeyFromSeed, type VerifyingKey } from "@switchyard/bus";
import { type HostId, InvalidInputError, parseHostId } from "@switchyard/model";
import { readPrivateFile, writePrivateFile } from "./private-file.ts";

/** What the controller told an agent when it enrolled. */
export interface Identity {
  readonly host: HostId;
  readonly hostEpoch: number;
  readonly natsServers: readonly string[];
  /** Keys whose signature on a job is taken. */
  readonly controllers: readonly VerifyingKey[];
}

const keyPath = (folder: string): string => join(folder, "host.nk");
const identityPath = (folder: string): string => join(folder, "identity.json");

/** The host's key; made, and written with mode 0600, when there is none. */
export async function loadOrCreateHostKey(folder: string): Promise<HostKey> {
  const seed = await readPrivateFile(keyPath(folder));
  if (seed !== undefined) return hostKeyFromSeed(seed.trim());
  const key = createHostKey();
  await writePrivateFile(keyPath(folder), `${key.seed}\n`);
  return key;
}

export async function saveIdentity(folder: string, identity: Identity): Promise<void> {
  const controllers = identity.controllers.map(({ keyId, publicKey }) => ({
    keyId,
    publicKey: Buffer.from(publicKey).toString("base64"),
  }));
  const text = JSON.stringify({ ...identity, controllers }, undefined, 2);
  await writePrivateFile(identityPath(folder), `${text}\n`);
}

/**
 * Undefined before the host has enrolled.
 *
 * @throws InvalidInputError FIELD_INVALID, NAME_MALFORMED
 */
export async function findIdentity(folder: string): Promise<Identity | undefined> {
  const path = identityPath(folder);
  const text = await readPrivateFile(path);
  return text === undefined ? undefined : parseIdentity(text, path);
}

function parseIdentity(text: string, path: string): Identity {
  try {
    const { host, hostEpoch, natsServers, controllers } = JSON.parse(text) as {
      readonly host: string;
      readonly hostEpoch: number;
      readonly natsServers: readonly string[];
      readonly controllers: readonly { readonly keyId: string; readonly publicKey: string }[];
    };
    return {
      host: parseHostId(host),
      hostEpoch,
      natsServers,
      controllers: controllers.map((key) => ({
        keyId: key.keyId,
        publicKey: Buffer.from(key.publicKey, "base64"),
      })),
    };
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidInputError("FIELD_INVALID", `${path} is no identity of a host`, {
      found: said,
      try: "Remove the file and enrol the host again",
    });
  }
}
