import type { PlaceVerdict } from "@switchyard/planner";
import type { PlacementReport, PlacementVerdict } from "@switchyard/proto";
import { hostName } from "../validation/names.ts";

/** Verdicts of one answer, about 300 KiB. */
const VERDICTS_MAX = 1000;

const toProtoVerdict = (verdict: PlaceVerdict): PlacementVerdict => {
  const host = hostName.format(verdict.candidate.host);
  if (verdict.kind === "refused") {
    const { refusals } = verdict;
    return { host, fits: false, total: 0, scores: [], slots: [], refusals: [...refusals] };
  }
  const { total, scores, place } = verdict;
  const slots = place.nics.map(({ pf, vfIndex, numaNode }) => ({
    pfPciAddress: pf,
    vfIndex,
    numaNode,
  }));
  return { host, fits: true, total, scores: [...scores], slots, refusals: [] };
};

/** @param verdicts from the best host on, the refused after those that fit */
export function toProtoReport(verdicts: readonly PlaceVerdict[]): PlacementReport {
  const fitting = verdicts.filter(({ kind }) => kind === "fits");
  const [best] = fitting;
  return {
    host: best === undefined ? "" : hostName.format(best.candidate.host),
    verdicts: verdicts.slice(0, VERDICTS_MAX).map(toProtoVerdict),
    fittingHostCount: fitting.length,
    refusingHostCount: verdicts.length - fitting.length,
  };
}
