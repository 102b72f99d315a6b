import type { Inventory, VfRef } from "@switchyard/model";
import { type PfView, vfRef, viewPfs } from "./pf-view.ts";

/** A vDPA device's name and where it is: names are unique on a host, whatever VF they are on. */
export interface NameOnVf {
  readonly name: string;
  readonly vf: VfRef;
}

export const namesOnVfs = (observed: Inventory): readonly NameOnVf[] =>
  viewPfs(observed).flatMap(({ pf }) =>
    pf.vfs.flatMap(({ index, vdpa }) =>
      vdpa === undefined ? [] : [{ name: vdpa.name, vf: vfRef(pf, index) }],
    ),
  );

/**
 * Name for a new vDPA device: `vdpa<vf>` on the host's first port, as the seed procedure has it, and
 * `vdpa<port>v<vf>` on the others. Names are output only, so a device that is right is never renamed;
 * where another VF's device has taken the name, the longer form with as many `x` as needed steps in.
 */
export function vdpaDeviceName(
  taken: readonly NameOnVf[],
  { view, index }: { readonly view: PfView; readonly index: number },
): string {
  const elsewhere = taken.filter(({ vf }) => vf.pf !== view.pf.pciAddress || vf.index !== index);
  const names = new Set(elsewhere.map(({ name }) => name));
  const long = `vdpa${view.port}v${index}`;
  let name = view.port === 0 ? `vdpa${index}` : long;
  // Ends: there are finitely many taken names and each round makes the name longer.
  for (let round = 0; names.has(name); round += 1) name = `${long}${"x".repeat(round)}`;
  return name;
}
