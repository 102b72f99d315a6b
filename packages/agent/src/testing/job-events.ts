import type { JobEvent, JobEventBody } from "@switchyard/model";

export const kinds = (events: readonly JobEvent[]): readonly string[] =>
  events.map(({ body }) => body.kind);

export const bodiesOf = <Kind extends JobEventBody["kind"]>(
  events: readonly JobEvent[],
  kind: Kind,
) =>
  events.flatMap(({ body }) =>
    body.kind === kind ? [body as Extract<JobEventBody, { kind: Kind }>] : [],
  );
