import type { EswitchMode, Vf } from "@switchyard/model";
import type { Draft } from "../steps/draft.ts";
import { ensureEswitchMode, ensureVfCount } from "../steps/pf-steps.ts";
import type { Datapath } from "./datapath-findings.ts";
import { findVfOf, type PfView } from "./pf-view.ts";

/** What there is to do on one port, worked out once. */
export interface PortWork {
  readonly view: PfView;
  readonly mode: EswitchMode;
  readonly vfCount: number;
  readonly changesMode: boolean;
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

export function workOn(view: PfView, datapath: Pick<Datapath, "mode" | "vfCount">): PortWork {
  const isRecreating = recreatesVfs(view, datapath);
  return {
    view,
    mode: eswitchModeOf(datapath),
    vfCount: datapath.vfCount,
    changesMode: changesMode(view, datapath),
    recreatesVfs: isRecreating,
    keptVf: (index) =>
      isRecreating || index >= view.pf.vfCount ? undefined : findVfOf(view.pf, index),
  };
}

/** Mode and VF count. Modes are switched without VFs: with them some cards refuse (C02). */
export function eswitchSteps({
  view: { pf },
  mode,
  vfCount,
  changesMode,
}: PortWork): readonly Draft[] {
  if (!changesMode) {
    return pf.vfCount === vfCount ? [] : [ensureVfCount(pf, { from: pf.vfCount, to: vfCount })];
  }
  return [
    ...(pf.vfCount > 0 ? [ensureVfCount(pf, { from: pf.vfCount, to: 0 })] : []),
    ensureEswitchMode(pf, mode),
    ensureVfCount(pf, { from: 0, to: vfCount }),
  ];
}

/** Indexes of the VFs that the port shall have. */
export const vfIndexes = ({ vfCount }: Pick<PortWork, "vfCount">): readonly number[] =>
  Array.from({ length: vfCount }, (_, index) => index);
