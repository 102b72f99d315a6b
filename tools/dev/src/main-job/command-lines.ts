import { formatCommand } from "@switchyard/model";
import type { Plan } from "@switchyard/proto";

/** Every command of a plan as a person would type it, in order. */
export function commandLines(plan: Plan): readonly string[] {
  return plan.steps.flatMap((step) =>
    step.commands.flatMap(({ command }) => {
      switch (command?.$case) {
        case "run": {
          const [program = "", ...args] = command.value.argv;
          return [formatCommand({ kind: "run", argv: [program, ...args] })];
        }
        case "write":
          return [formatCommand({ kind: "write", ...command.value })];
        default:
          return [];
      }
    }),
  );
}
