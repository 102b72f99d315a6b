import type { Subscription } from "../agent-bus.ts";
import type { Connection } from "./connection.ts";

/** Hears a core subject; what is sent while the connection is down is not heard. */
export function subscribe(
  connection: Connection,
  subject: string,
  handler: (subject: string, data: Uint8Array) => void,
): Subscription {
  const subscription = connection.nats.subscribe(subject, {
    callback: (error, message) => {
      if (error === null) handler(message.subject, message.data);
    },
  });
  return {
    stop: async () => {
      if (connection.isOpen()) subscription.unsubscribe();
    },
  };
}
