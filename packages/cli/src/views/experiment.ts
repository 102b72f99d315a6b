import { Experiment, ExperimentMode, systemTiming } from "@switchyard/client";
import type { View } from "../output/print.ts";
import type { Style } from "../output/style.ts";
import { type Column, formatFields } from "../output/table.ts";
import { enumWord, formatAge, formatTimestamp, shortName } from "../output/values.ts";
import { kindWord, showExperimentState } from "./kinds.ts";

const modesText = (modes: readonly ExperimentMode[]): string =>
  modes.map((mode) => enumWord(ExperimentMode, mode)).join(", ");

const hostsText = ({ spec }: Experiment): string => (spec?.hosts ?? []).map(shortName).join(", ");

const roundsText = ({ roundsDone, roundsTotal }: Experiment): string =>
  `${roundsDone}/${roundsTotal}`;

/** One line that tells where it stands. */
export const experimentLine = (experiment: Experiment, style: Style): string => {
  const { state, mode, stateReason, ground } = experiment;
  const what = mode === 0 ? "" : ` ${enumWord(ExperimentMode, mode)}`;
  const why = stateReason === "" ? "" : ` (${stateReason})`;
  const shown = showExperimentState(state, style);
  return `${shown}${what}, rounds ${roundsText(experiment)}, ${kindWord(ground)}${why}`;
};

const columns: readonly Column<Experiment>[] = [
  { header: "EXPERIMENT", cell: ({ name }) => shortName(name) },
  { header: "GROUND", cell: ({ ground }) => kindWord(ground) },
  { header: "STATE", cell: ({ state }, style) => showExperimentState(state, style) },
  { header: "ROUNDS", cell: roundsText },
  { header: "MODES", cell: ({ modeOrder }) => modesText(modeOrder) },
  { header: "HOSTS", cell: hostsText },
  { header: "AGE", cell: ({ createTime }) => formatAge(createTime, systemTiming.nowMs()) },
];

function describe(experiment: Experiment, style: Style): string {
  const { spec, failure, stateReason } = experiment;
  const why = stateReason === "" ? "" : ` (${stateReason})`;
  return `${style.bold(experiment.name)}\n${formatFields([
    ["ground", kindWord(experiment.ground)],
    ["state", `${showExperimentState(experiment.state, style)}${why}`],
    ["failure", failure && `${failure.message} [${failure.reason}]`],
    ["rounds", roundsText(experiment)],
    ["modes", `${modesText(experiment.modeOrder)}, in this order (seed ${experiment.seed})`],
    ["hosts", hostsText(experiment)],
    ["image", shortName(spec?.image ?? "")],
    ["began", formatTimestamp(experiment.createTime)],
    ["ended", formatTimestamp(experiment.endTime)],
    ["etag", experiment.etag],
  ])}`;
}

export const experimentView: View<Experiment> = {
  plural: "experiments",
  toJson: Experiment.toJSON,
  nameOf: ({ name }) => name,
  columns,
  describe,
};
