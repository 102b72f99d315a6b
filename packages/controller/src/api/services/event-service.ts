import type { EventServiceService } from "@switchyard/proto";
import { toProtoEvent } from "../convert/event.ts";
import type { MethodsOf } from "../interceptors/service.ts";
import type { ApiParts } from "../parts.ts";
import { createViolations } from "../validation/violations.ts";
import { createResumeTokens, readOn } from "../watch/watch.ts";

/** A collection and a member, such as `vms/web-01`. */
const RESOURCE = /^[a-z]+\/[a-z0-9-]{1,63}$/;

/** @throws InvalidInputError FIELD_INVALID */
function readResource(resource: string): string | undefined {
  if (resource === "") return undefined;
  const violations = createViolations();
  violations.check(
    RESOURCE.test(resource),
    "resource",
    "must be a full name such as hosts/r740-07",
  );
  violations.assertNone();
  return resource;
}

export const createEventService = (parts: ApiParts): MethodsOf<typeof EventServiceService> => ({
  listEvents: {
    role: "viewer",
    call: async (request) => {
      const resource = readResource(request.resource);
      const filter = { list: "events", resource };
      const { items, nextPageToken } = await parts.pager.read(request, filter, (page) =>
        parts.store.reads.events.list({ ...page, resource }),
      );
      return { events: items.map(toProtoEvent), nextPageToken };
    },
  },
  watchEvents: {
    role: "viewer",
    stream: async function* (request, context) {
      const resource = readResource(request.resource);
      const tokens = createResumeTokens(parts, { watch: "events", filter: { resource } });
      const isResumed = request.resumeToken !== "";
      const cursor = isResumed
        ? tokens.open(request.resumeToken)
        : await parts.store.eventLog.now();
      if (!isResumed) yield { event: { $case: "progress", value: tokens.seal(cursor, true) } };
      const reader = parts.events.openReader(cursor);
      for await (const { entries, progress } of readOn(reader, {
        parts,
        signal: context.signal,
      })) {
        for (const entry of entries) {
          if (resource !== undefined && entry.resource !== resource) continue;
          yield { event: { $case: "entry", value: toProtoEvent(entry) } };
        }
        if (progress !== undefined) {
          yield { event: { $case: "progress", value: tokens.seal(progress, false) } };
        }
      }
    },
  },
});
