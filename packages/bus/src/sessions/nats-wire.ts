import type { Connection } from "../connection/connection.ts";
import { subscribe } from "../connection/subscribe.ts";
import type { SessionWire } from "./session-channel.ts";

/** Frames over core NATS: nothing is stored, and what is sent while the connection is down is not sent. */
export const natsWire = (
  connection: Connection,
  subjects: { readonly send: string; readonly receive: string },
): SessionWire => ({
  publish: (frame) => connection.nats.publish(subjects.send, frame),
  subscribe: (handler) =>
    subscribe(connection, subjects.receive, (_subject, data) => handler(data)),
  isConnected: () => connection.isConnected() && connection.isOpen(),
  onDisconnect: (listener) => connection.onDisconnect(listener),
});
