import { deflateRawSync, inflateRawSync } from "node:zlib";
import {
  canonicalJson,
  type HostId,
  type Inventory,
  type InventoryDelta,
  isJsonDelta,
} from "@switchyard/model";
import { InventoryEnvelope, type InventoryDelta as ProtoDelta } from "@switchyard/proto";
import { sha256, signingBytes } from "./canonical.ts";
import type { EventSigner } from "./event-envelope.ts";

/** Largest envelope and largest inventory in it; the second bounds what a deflated bomb can grow to. */
export const INVENTORY_ENVELOPE_BYTES_MAX = 512 * 1024;
export const INVENTORY_JSON_BYTES_MAX = 8 * 1024 * 1024;

const CONTEXT = "switchyard.v1.InventoryEnvelope";
const DELTA_CONTEXT = "switchyard.v1.InventoryDelta";

function bytesToSign(envelope: InventoryEnvelope): Buffer {
  const { delta } = envelope;
  const common = [
    envelope.host,
    envelope.hostEpoch,
    envelope.version,
    envelope.session,
    envelope.sessionStartTime?.getTime() ?? 0,
  ];
  if (delta === undefined) {
    return signingBytes(CONTEXT, [...common, sha256(envelope.inventoryJsonDeflated)]);
  }
  return signingBytes(DELTA_CONTEXT, [
    ...common,
    delta.baseDigest,
    delta.digest,
    delta.observeTime?.getTime() ?? 0,
    sha256(delta.editsJsonDeflated),
  ]);
}

/** One run of an agent. */
export interface AgentSession {
  readonly id: string;
  /** Wall clock of the host, milliseconds since the epoch. */
  readonly startedAtMs: number;
}

export interface OutgoingInventory {
  readonly version: number;
  readonly session: AgentSession;
  readonly inventory: Inventory;
  /** Sent instead of the inventory. */
  readonly delta?: InventoryDelta;
}

const toProtoDelta = ({ baseDigest, digest, observedAtMs, edits }: InventoryDelta) => ({
  ...{ baseDigest, digest },
  observeTime: new Date(observedAtMs),
  editsJsonDeflated: edits.length === 0 ? Buffer.alloc(0) : deflateRawSync(JSON.stringify(edits)),
});

/** What an envelope tells of a host. */
export type InventoryContent =
  | { readonly kind: "whole"; readonly inventory: Inventory }
  | { readonly kind: "delta"; readonly delta: InventoryDelta };

export function encodeInventory(report: OutgoingInventory, signer: EventSigner): Uint8Array {
  const unsigned: InventoryEnvelope = {
    host: signer.host,
    hostEpoch: BigInt(signer.hostEpoch),
    version: BigInt(report.version),
    session: report.session.id,
    sessionStartTime: new Date(report.session.startedAtMs),
    inventoryJsonDeflated:
      report.delta === undefined
        ? deflateRawSync(canonicalJson(report.inventory))
        : Buffer.alloc(0),
    delta: report.delta && toProtoDelta(report.delta),
    signature: Buffer.alloc(0),
  };
  const signature = signer.key.sign(bytesToSign(unsigned));
  return InventoryEnvelope.encode({ ...unsigned, signature }).finish();
}

/** An inventory still deflated, so that it is inflated only after its signature was checked. */
export interface DecodedInventory {
  readonly host: HostId;
  readonly hostEpoch: number;
  readonly version: number;
  readonly session: AgentSession;
  readonly signedBytes: Buffer;
  readonly signature: Buffer;
  /** Undefined where it is larger than 8 MiB, or neither an inventory nor a delta. */
  inflate(): InventoryContent | undefined;
}

/** Undefined where the envelope is malformed, too large or names another host than its subject. */
export function decodeInventory(bytes: Uint8Array, host: HostId): DecodedInventory | undefined {
  if (bytes.length > INVENTORY_ENVELOPE_BYTES_MAX) return undefined;
  try {
    const envelope = InventoryEnvelope.decode(bytes);
    if (envelope.host !== host || envelope.session === "") return undefined;
    return {
      host,
      hostEpoch: Number(envelope.hostEpoch),
      version: Number(envelope.version),
      session: { id: envelope.session, startedAtMs: envelope.sessionStartTime?.getTime() ?? 0 },
      signedBytes: bytesToSign(envelope),
      signature: envelope.signature,
      inflate: () => inflate(envelope),
    };
  } catch {
    return undefined;
  }
}

function inflate({
  delta,
  inventoryJsonDeflated,
}: InventoryEnvelope): InventoryContent | undefined {
  try {
    if (delta !== undefined) return inflateDelta(delta);
    const inventory = inflateJson(inventoryJsonDeflated);
    return isInventory(inventory) ? { kind: "whole", inventory } : undefined;
  } catch {
    return undefined;
  }
}

function inflateJson(deflated: Uint8Array): unknown {
  const json = inflateRawSync(deflated, { maxOutputLength: INVENTORY_JSON_BYTES_MAX });
  return JSON.parse(json.toString());
}

function inflateDelta(delta: ProtoDelta): InventoryContent | undefined {
  const { baseDigest, digest, observeTime, editsJsonDeflated } = delta;
  const edits = editsJsonDeflated.length === 0 ? [] : inflateJson(editsJsonDeflated);
  if (!isJsonDelta(edits) || observeTime === undefined) return undefined;
  return {
    kind: "delta",
    delta: { baseDigest, digest, observedAtMs: observeTime.getTime(), edits },
  };
}

const LISTS = ["modules", "nics", "vms", "findings"] as const;
const RECORDS = ["os", "machine", "cpu"] as const;

/** The sections others walk through must be there; their leaves are the host's word. */
function isInventory(value: unknown): value is Inventory {
  if (typeof value !== "object" || value === null) return false;
  const inventory = value as Partial<Record<keyof Inventory, unknown>>;
  return (
    typeof inventory.bootId === "string" &&
    LISTS.every((name) => Array.isArray(inventory[name])) &&
    RECORDS.every((name) => typeof inventory[name] === "object" && inventory[name] !== null)
  );
}
