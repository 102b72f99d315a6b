import { formatTable } from "../../output/table.ts";
import { defineVerb } from "../../verb.ts";
import { SUITES, type Suite } from "./suites-table.ts";

const spanOf = (span: Suite["spec"]["duration"]): string => `${span?.seconds ?? 0n} s`;

export const verb = defineVerb({
  configure: () => undefined,
  run: async ({ context }) => {
    if (context.settings.output === "json") {
      const rows = SUITES.map(({ name, summary }) => ({ name, summary }));
      context.out(`${JSON.stringify(rows, null, 2)}\n`);
      return undefined;
    }
    const columns = [
      { header: "SUITE", cell: ({ name }: Suite) => name },
      { header: "ROUNDS", isNumber: true, cell: ({ spec }: Suite) => String(spec.roundCount) },
      { header: "RUN", isNumber: true, cell: ({ spec }: Suite) => spanOf(spec.duration) },
      { header: "IDLE", isNumber: true, cell: ({ spec }: Suite) => spanOf(spec.idle) },
      { header: "PINGS", isNumber: true, cell: ({ spec }: Suite) => String(spec.pingCount) },
      { header: "FOR", cell: ({ summary }: Suite) => summary },
    ];
    context.out(`${formatTable(columns, SUITES, { style: context.style, hasHeaders: true })}\n`);
    return undefined;
  },
});
