import { Event, watch } from "@switchyard/client";
import type { Context } from "../../context.ts";
import type { ExitCode } from "../../exit-codes.ts";
import { printChanges } from "../../output/watching.ts";
import { eventView } from "../../views/event.ts";

export async function watchEvents(
  context: Context,
  request: { readonly resource: string; readonly resumeToken: string },
): Promise<ExitCode> {
  const { events } = await context.client();
  return printChanges(context, eventView, {
    items: watch(events.watchEvents, request, { signal: context.io.signal }),
    show: (event) => ({ type: "event", item: event, json: Event.toJSON(event) }),
  });
}
