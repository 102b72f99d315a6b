import { DispatchError, type HostId, SwitchyardError } from "@switchyard/model";
import { type Clock, type Logger, Semaphore } from "@switchyard/runtime";
import type { Msg } from "nats";
import type { AgentBus, Subscription } from "./agent-bus.ts";
import type { Connection } from "./connection/connection.ts";
import {
  type DiskPiece,
  type DiskPieceAsked,
  decodePiece,
  decodePieceAsked,
  encodePiece,
  encodePieceAsked,
  pieceOf,
} from "./envelopes/disk-piece.ts";
import { type DiskTicket, openDiskTicket } from "./envelopes/disk-ticket.ts";
import { createControllerVerifier, type VerifyingKey } from "./keys/signing-key.ts";
import { diskSubject, hostInbox } from "./subjects.ts";

/** Pieces read at once, and those that wait behind them; a target has 8 in flight and asks again. */
const READS_AT_ONCE = 8;
const ASKED_MAX = 128;
/** Tickets that were checked; a check takes 120 µs, and a disk has thousands of pieces. */
const TICKETS_MAX = 64;

interface ServeOptions {
  readonly host: HostId;
  readonly controllers: readonly VerifyingKey[];
  readonly clock: Clock;
  readonly log: Logger;
}

/** Opens tickets, and remembers those it has opened. */
function createTicketDesk({ controllers }: ServeOptions) {
  const verify = createControllerVerifier(controllers);
  const opened = new Map<string, DiskTicket>();
  return async (sealed: string): Promise<DiskTicket | undefined> => {
    const known = opened.get(sealed);
    if (known !== undefined) return known;
    const ticket = await openDiskTicket(sealed, verify);
    if (ticket === undefined) return undefined;
    const [oldest] = opened.keys();
    if (opened.size >= TICKETS_MAX && oldest !== undefined) opened.delete(oldest);
    opened.set(sealed, ticket);
    return ticket;
  };
}

const isWithin = ({ offset, length }: DiskPieceAsked, { sizeBytes }: DiskTicket): boolean =>
  offset + length <= sizeBytes;

const expired = (): DiskPiece => ({
  kind: "refused",
  reason: "DISK_TICKET_EXPIRED",
  message: "the ticket for the disk has expired",
});

/**
 * Answers other hosts' agents that ask for pieces of disks. The broker lets any host ask; what counts is the
 * ticket, and answers go only to the inbox of the host that it names.
 */
export function answerDiskRequests(
  connection: Connection,
  options: ServeOptions,
  handler: Parameters<AgentBus["onDiskRequest"]>[0],
): Subscription {
  const { host, clock, log } = options;
  const open = createTicketDesk(options);
  const gate = new Semaphore(READS_AT_ONCE);
  const running = new Set<Promise<void>>();

  const read = async (ticket: DiskTicket, asked: DiskPieceAsked): Promise<DiskPiece> => {
    if (ticket.expireAtMs <= clock.nowMs()) return expired();
    try {
      return pieceOf(await gate.run(() => handler({ ...asked, ticket })));
    } catch (error) {
      if (!(error instanceof SwitchyardError)) throw error;
      return { kind: "refused", reason: error.reason, message: error.message };
    }
  };

  const answer = async (message: Msg) => {
    const asked = decodePieceAsked(message.data);
    const ticket = asked && (await open(asked.ticket));
    const isForUs =
      ticket !== undefined &&
      ticket.source === host &&
      isWithin(asked as DiskPieceAsked, ticket) &&
      message.reply?.startsWith(`${hostInbox(ticket.target)}.`) === true;
    if (asked === undefined || !isForUs) {
      log.warn({ reply: message.reply }, "a request for a disk was refused");
      return;
    }
    const piece = await read(ticket, asked);
    if (connection.isOpen()) message.respond(encodePiece(asked.offset, piece));
  };

  const subscription = connection.nats.subscribe(diskSubject(host), {
    callback: (error, message) => {
      // One that is not answered is asked for again.
      if (error !== null || running.size >= ASKED_MAX) return;
      const work = answer(message)
        .catch((failure: unknown) => log.error({ err: failure }, "a piece of a disk was not read"))
        .finally(() => running.delete(work));
      running.add(work);
    },
  });
  return {
    stop: async () => {
      if (connection.isOpen()) subscription.unsubscribe();
      await Promise.all(running);
    },
  };
}

/** @throws DispatchError HOST_UNREACHABLE */
export async function fetchDiskPiece(
  connection: Connection,
  request: Parameters<AgentBus["fetchDiskPiece"]>[0],
): Promise<DiskPiece> {
  const { source, timeoutMs } = request;
  const unreachable = (found: string, cause?: unknown) =>
    new DispatchError(
      "HOST_UNREACHABLE",
      `host ${source} did not give a piece of the disk`,
      { found },
      { cause, retry: "safe" },
    );
  if (!connection.isOpen() || !connection.isConnected()) throw unreachable("no connection to NATS");
  const reply = await connection.nats
    .request(diskSubject(source), encodePieceAsked(request), { timeout: timeoutMs })
    .catch((cause: unknown) => {
      throw unreachable(`no answer in ${timeoutMs} ms`, cause);
    });
  const piece = decodePiece(reply.data, request);
  if (piece === undefined) throw unreachable("an answer that is damaged");
  return piece;
}
