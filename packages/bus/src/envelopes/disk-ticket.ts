import {
  type HostId,
  type MoveId,
  parseHostId,
  parseMoveId,
  parseSha256,
  parseVmId,
  type Sha256,
  type VmId,
} from "@switchyard/model";
import { DiskTicket as Message } from "@switchyard/proto";
import type { SigningKey, VerifyControllers } from "../keys/signing-key.ts";
import { signingBytes } from "./canonical.ts";

/** What a controller lets one host read of another: one VM's disk, as it was sealed, for a time. */
export interface DiskTicket {
  readonly move: MoveId;
  readonly vm: VmId;
  readonly source: HostId;
  readonly target: HostId;
  readonly sizeBytes: number;
  readonly sha256: Sha256;
  /** Wall clock, milliseconds since the epoch. */
  readonly expireAtMs: number;
}

const CONTEXT = "switchyard.v1.DiskTicket";

/** Longest ticket, base64. Names have at most 63 characters each. */
export const DISK_TICKET_LENGTH_MAX = 2_048;

const bytesToSign = (ticket: Message): Buffer =>
  signingBytes(CONTEXT, [
    ticket.move,
    ticket.vm,
    ticket.sourceHost,
    ticket.targetHost,
    ticket.sizeBytes,
    ticket.sha256,
    ticket.expireTime?.getTime() ?? 0,
    ticket.keyId,
  ]);

/** @returns base64 */
export function sealDiskTicket(ticket: DiskTicket, key: SigningKey): string {
  const unsigned: Message = {
    move: ticket.move,
    vm: ticket.vm,
    sourceHost: ticket.source,
    targetHost: ticket.target,
    sizeBytes: BigInt(ticket.sizeBytes),
    sha256: ticket.sha256,
    expireTime: new Date(ticket.expireAtMs),
    keyId: key.keyId,
    signature: Buffer.alloc(0),
  };
  const signature = key.sign(bytesToSign(unsigned));
  return Buffer.from(Message.encode({ ...unsigned, signature }).finish()).toString("base64");
}

/** Undefined where the text is no ticket, or none that a known controller signed. Expiry is not looked at. */
export async function openDiskTicket(
  sealed: string,
  verify: VerifyControllers,
): Promise<DiskTicket | undefined> {
  if (sealed.length > DISK_TICKET_LENGTH_MAX) return undefined;
  try {
    const message = Message.decode(Buffer.from(sealed, "base64"));
    if (!(await verify(message.keyId, bytesToSign(message), message.signature))) return undefined;
    return {
      move: parseMoveId(message.move),
      vm: parseVmId(message.vm),
      source: parseHostId(message.sourceHost),
      target: parseHostId(message.targetHost),
      sizeBytes: Number(message.sizeBytes),
      sha256: parseSha256(message.sha256),
      expireAtMs: message.expireTime?.getTime() ?? 0,
    };
  } catch {
    return undefined;
  }
}
