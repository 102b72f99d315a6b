import { canonicalJson, type PlannedCommand, type Step } from "@switchyard/model";
import type { PlannedStep, PlannedCommand as ProtoPlannedCommand } from "@switchyard/proto";
import { DISRUPTION } from "./enums.ts";

function toProtoCommand(command: PlannedCommand): ProtoPlannedCommand {
  switch (command.kind) {
    case "run":
      return { command: { $case: "run", value: { argv: [...command.argv] } } };
    case "write":
      return { command: { $case: "write", value: { path: command.path, text: command.text } } };
  }
}

export const toProtoStep = (step: Step): PlannedStep => ({
  id: step.id,
  kind: step.kind,
  title: step.title,
  argumentsJson: canonicalJson(step.arguments),
  commands: step.commands.map(toProtoCommand),
  disruption: DISRUPTION[step.disruption],
  isReversible: step.isReversible,
  guard: step.guard ?? "",
});
