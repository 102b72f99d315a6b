import { type MacAddress, type Mgmtdev, parseMacAddress } from "@switchyard/model";
import { arrayOf, entriesOf, numberOf, recordOf, textOf } from "../json.ts";

/** What `vdpa dev show` says of one device. */
export interface VdpaEntry {
  readonly name: string;
  readonly mgmtdevHandle: string;
  readonly maxVqs: number;
}

/** What `vdpa dev config show` says of one device. */
export interface VdpaConfig {
  readonly mac: MacAddress | undefined;
  readonly maxVqp: number | undefined;
  readonly negotiatedFeatures: readonly string[] | undefined;
}

/**
 * Management devices of class `net`. What may be chosen is read from the features: MAC and MQ; a driver
 * that offers the feature and yet fixes the value (vp_vdpa) can't be told here.
 *
 * @see iproute2/iproute2 vdpa/vdpa.c, pr_out_mgmtdev_show
 */
export function parseMgmtdevs(answer: unknown): readonly Mgmtdev[] {
  return entriesOf(answer, "mgmtdev")
    .filter(([, value]) => arrayOf(recordOf(value)["supported_classes"]).includes("net"))
    .map(([handle, value]) => {
      const mgmtdev = recordOf(value);
      const features = arrayOf(mgmtdev["dev_features"]);
      const maxVqs = numberOf(mgmtdev["max_supported_vqs"]) ?? 0;
      return {
        handle,
        maxVqp: Math.max(1, Math.floor((maxVqs - 1) / 2)),
        canSetMac: features.includes("MAC"),
        canSetMaxVqp: features.includes("MQ"),
      };
    });
}

/** @see iproute2/iproute2 vdpa/vdpa.c, pr_out_dev */
export function parseVdpaDevices(answer: unknown): readonly VdpaEntry[] {
  return entriesOf(answer, "dev").map(([name, value]) => {
    const device = recordOf(value);
    return {
      name,
      mgmtdevHandle: textOf(device["mgmtdev"]) ?? "",
      maxVqs: numberOf(device["max_vqs"]) ?? 0,
    };
  });
}

/** Whether the answer speaks of the device. */
export const hasVdpaConfig = (answer: unknown, name: string): boolean =>
  entriesOf(answer, "config").some(([key]) => key === name);

/**
 * Keys are trimmed: the tool prints `"link "` and `"link_announce "` with a space at their end.
 *
 * @see iproute2/iproute2 vdpa/vdpa.c, pr_out_dev_net_config
 */
export function parseVdpaConfig(answer: unknown, name: string): VdpaConfig {
  const value = entriesOf(answer, "config").find(([key]) => key === name)?.[1];
  const config = new Map(Object.entries(recordOf(value)).map(([key, item]) => [key.trim(), item]));
  const features = config.get("negotiated_features");
  return {
    mac: macOf(textOf(config.get("mac"))),
    maxVqp: numberOf(config.get("max_vq_pairs")),
    negotiatedFeatures: Array.isArray(features)
      ? features.filter((feature) => typeof feature === "string")
      : undefined,
  };
}

/** Zeros mean that nobody set one. */
const macOf = (text: string | undefined): MacAddress | undefined =>
  text === undefined || /^[0:]*$/.test(text) ? undefined : parseMacAddress(text);
