import type { Event } from "@switchyard/proto";
import type { AuditEvent } from "@switchyard/store";

export const toProtoEvent = (event: AuditEvent): Event => ({
  name: `events/${event.seq}`,
  time: new Date(event.atMs),
  actor: event.actor,
  action: event.action,
  resource: event.resource,
  requestId: event.requestId,
  details: { ...event.details },
});
