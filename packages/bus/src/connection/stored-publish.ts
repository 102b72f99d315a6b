import { DispatchError } from "@switchyard/model";
import { NatsError } from "nats";
import { type Connection, isNoResponders } from "./connection.ts";

/**
 * What became of a message given to a stream.
 *
 * - stored: the stream has it
 * - held: the stream has one on this subject already (discard new per subject)
 * - absent: no stream takes the subject; it is to be made anew
 * - full: the stream is at its bound
 * - unknown: no answer in time; it may be stored
 */
export type PublishOutcome = "stored" | "held" | "absent" | "full" | "unknown";

/** Longer than the slowest answer seen under load (0.4 s at 5 000 consumers), short enough to send again. */
const PUBLISH_TIMEOUT_MS = 5_000;

/** @see nats-server server/errors.json, JSStreamStoreFailedF, whose description says which bound was met */
const STORE_FAILED = 10077;
const HELD_DESCRIPTION = "maximum messages per subject exceeded";

interface PubAck {
  readonly stream?: string;
  readonly error?: { readonly err_code?: number; readonly description?: string };
}

/**
 * Publishes to whatever stream takes the subject. Speaks the protocol itself because the client library
 * turns every refusal into an error whose stack costs more than the publish.
 */
export async function publishStored(
  connection: Connection,
  subject: string,
  payload: Uint8Array,
): Promise<PublishOutcome> {
  if (!connection.isConnected() || !connection.isOpen()) return "unknown";
  try {
    const reply = await connection.nats.request(subject, payload, { timeout: PUBLISH_TIMEOUT_MS });
    const ack = reply.json<PubAck>();
    if (ack.error === undefined) return ack.stream === undefined ? "unknown" : "stored";
    if (ack.error.err_code !== STORE_FAILED) return "unknown";
    // The server has one code for all bounds; only its words tell them apart.
    return ack.error.description === HELD_DESCRIPTION ? "held" : "full";
  } catch (error) {
    if (isNoResponders(error)) return "absent";
    if (error instanceof NatsError || error instanceof SyntaxError) return "unknown";
    throw error;
  }
}

/** @throws DispatchError BUS_UNAVAILABLE unless the stream has the message */
export async function publishConfirmed(
  connection: Connection,
  subject: string,
  payload: Uint8Array,
): Promise<void> {
  const outcome = await publishStored(connection, subject, payload);
  if (outcome === "stored") return;
  throw new DispatchError(
    "BUS_UNAVAILABLE",
    `NATS did not store a message on ${subject}`,
    { found: outcome },
    { retry: "safe" },
  );
}
