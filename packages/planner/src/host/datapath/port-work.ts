import type { EswitchMode, Vf } from "@switchyard/model";
import type { Draft } from "../../steps/draft.ts";
import { ensureEswitchMode, ensureVfCount } from "../../steps/pf-steps.ts";
import type { Datapath } from "./datapath-findings.ts";
import { findVfOf, type PfView } from "./pf-view.ts";

/** What there is to do on one port, worked out once. */
export interface PortWork {
  readonly view: PfView;
  readonly mode: EswitchMode;
  readonly vfCount: number;
  /** The mode changes on the way, if only there and back. */
  readonly changesMode: boolean;
  /** Goes through legacy mode without VFs, because a bond is made or undone. */
  readonly isReset: boolean;
  readonly recreatesVfs: boolean;
  /** The VF as it will be once the VF count is right; undefined when it has yet to be made. */
  readonly keptVf: (index: number) => Vf | undefined;
}

/** The eswitch mode that the datapath's mode stands on. */
export const eswitchModeOf = ({ mode }: Pick<Datapath, "mode">): EswitchMode =>
  mode === "vdpa" ? "switchdev" : "legacy";

export const changesMode = (view: PfView, datapath: Pick<Datapath, "mode">): boolean =>
  view.pf.eswitchMode !== eswitchModeOf(datapath);

/** A count other than the present one passes through zero, and so does a change of mode. */
export const recreatesVfs = (view: PfView, datapath: Pick<Datapath, "mode" | "vfCount">): boolean =>
  view.pf.vfCount > 0 && (changesMode(view, datapath) || view.pf.vfCount !== datapath.vfCount);

export function workOn(
  view: PfView,
  datapath: Pick<Datapath, "mode" | "vfCount">,
  isReset = false,
): PortWork {
  const isRecreating = recreatesVfs(view, datapath) || (isReset && view.pf.vfCount > 0);
  return {
    view,
    mode: eswitchModeOf(datapath),
    vfCount: datapath.vfCount,
    changesMode: changesMode(view, datapath) || isReset,
    isReset,
    recreatesVfs: isRecreating,
    keptVf: (index) =>
      isRecreating || index >= view.pf.vfCount ? undefined : findVfOf(view.pf, index),
  };
}

/** VFs away, and legacy mode where a bond asks for it. Modes are switched without VFs: some cards refuse (C02). */
export const resetSteps = ({ view: { pf }, changesMode, isReset }: PortWork): readonly Draft[] => [
  ...(changesMode && pf.vfCount > 0 ? [ensureVfCount(pf, { from: pf.vfCount, to: 0 })] : []),
  ...(isReset && pf.eswitchMode === "switchdev" ? [ensureEswitchMode(pf, "legacy")] : []),
];

export function modeSteps({ view: { pf }, mode, isReset }: PortWork): readonly Draft[] {
  const found = isReset ? "legacy" : pf.eswitchMode;
  return found === mode ? [] : [ensureEswitchMode(pf, mode)];
}

export function vfSteps({ view: { pf }, vfCount, changesMode }: PortWork): readonly Draft[] {
  const from = changesMode ? 0 : pf.vfCount;
  return from === vfCount ? [] : [ensureVfCount(pf, { from, to: vfCount })];
}

/** Indexes of the VFs that the port shall have. */
export const vfIndexes = ({ vfCount }: Pick<PortWork, "vfCount">): readonly number[] =>
  Array.from({ length: vfCount }, (_, index) => index);
