import { deflateRawSync, inflateRawSync } from "node:zlib";
import { canonicalJson, type HostId, type Inventory } from "@switchyard/model";
import { InventoryEnvelope } from "@switchyard/proto";
import { sha256, signingBytes } from "./canonical.ts";
import type { EventSigner } from "./event-envelope.ts";

/** Largest envelope and largest inventory in it; the second bounds what a deflated bomb can grow to. */
export const INVENTORY_ENVELOPE_BYTES_MAX = 512 * 1024;
export const INVENTORY_JSON_BYTES_MAX = 8 * 1024 * 1024;

const CONTEXT = "switchyard.v1.InventoryEnvelope";

const bytesToSign = (envelope: InventoryEnvelope): Buffer =>
  signingBytes(CONTEXT, [
    envelope.host,
    envelope.hostEpoch,
    envelope.version,
    envelope.session,
    envelope.sessionStartTime?.getTime() ?? 0,
    sha256(envelope.inventoryJsonDeflated),
  ]);

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
}

export function encodeInventory(report: OutgoingInventory, signer: EventSigner): Uint8Array {
  const unsigned: InventoryEnvelope = {
    host: signer.host,
    hostEpoch: BigInt(signer.hostEpoch),
    version: BigInt(report.version),
    session: report.session.id,
    sessionStartTime: new Date(report.session.startedAtMs),
    inventoryJsonDeflated: deflateRawSync(canonicalJson(report.inventory)),
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
  /** Undefined where it is larger than 8 MiB or no inventory. */
  inflate(): Inventory | undefined;
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
      inflate: () => inflate(envelope.inventoryJsonDeflated),
    };
  } catch {
    return undefined;
  }
}

function inflate(deflated: Uint8Array): Inventory | undefined {
  try {
    const json = inflateRawSync(deflated, { maxOutputLength: INVENTORY_JSON_BYTES_MAX });
    const inventory: unknown = JSON.parse(json.toString());
    return isInventory(inventory) ? inventory : undefined;
  } catch {
    return undefined;
  }
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
