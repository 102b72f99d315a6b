import {
  type HealthReporter,
  isUplinkPort,
  type QueueDirection,
  vfIndexOfPort,
} from "@switchyard/host";
import type { Pf, Vf } from "@switchyard/model";

/** Reporter of what the card counts against a function; its own state never changes. */
export const VNIC = "vnic";

/** Where the queues of a port are told, by the name of their reporter. */
export const QUEUE_REPORTERS: ReadonlyMap<string, QueueDirection> = new Map([
  ["tx", "transmit"],
  ["rx", "receive"],
]);

/** The card's own of the reporters of one PF; undefined where its driver has none. */
export const findFirmwareReporter = (ofPf: readonly HealthReporter[]): HealthReporter | undefined =>
  ofPf.find(({ name, portIndex }) => name === "fw" && portIndex === undefined);

/** What devlink calls the device or the port that a reporter watches. */
export const watchedBy = ({ handle, portIndex }: HealthReporter): string =>
  portIndex === undefined ? handle : `${handle}/${portIndex}`;

/** Those of a PF and of its wire's port; a representor's say nothing of the PF. */
export const reportersOfPf = (
  all: readonly HealthReporter[],
  { devlinkHandle }: Pf,
): readonly HealthReporter[] =>
  all.filter(
    ({ handle, portIndex }) =>
      handle === devlinkHandle && (portIndex === undefined || isUplinkPort(portIndex)),
  );

/**
 * The reporter that tells what the card counts against a VF: its own where mlx5_core drives it, which vDPA needs;
 * else its representor's, which there is in switchdev mode. Both tell the same counters.
 */
export function findVnicOfVf(
  all: readonly HealthReporter[],
  { devlinkHandle }: Pf,
  vf: Pick<Vf, "index" | "pciAddress">,
): HealthReporter | undefined {
  const vnics = all.filter(({ name }) => name === VNIC);
  const own = vnics.find(
    ({ handle, portIndex }) => handle === `pci/${vf.pciAddress}` && portIndex === undefined,
  );
  return (
    own ??
    vnics.find(
      ({ handle, portIndex }) =>
        handle === devlinkHandle &&
        portIndex !== undefined &&
        vfIndexOfPort(portIndex) === vf.index,
    )
  );
}
