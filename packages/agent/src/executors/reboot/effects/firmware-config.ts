import { readFirmwareConfig } from "@switchyard/host";
import { isConfigValue } from "@switchyard/model";
import type { EffectReader } from "./effect-reader.ts";

/** A value that is only due at the next boot is not in force: the current one counts. */
export const firmwareConfig: EffectReader<"firmware-config"> = async (
  { observer },
  { pf, tools, values },
) => {
  const parameters = await readFirmwareConfig(observer, tools, pf);
  const wrong = Object.entries(values).flatMap(([name, wanted]) => {
    const current = parameters.find((each) => each.name === name)?.current;
    return isConfigValue(current, wanted) ? [] : [{ name, wanted, current }];
  });
  if (wrong.length === 0) return undefined;
  return {
    found: wrong.map(({ name, current }) => `${name} ${current ?? "unknown"}`).join(", "),
    needs: `${wrong.map(({ name, wanted }) => `${name} ${wanted}`).join(", ")} on ${pf}`,
  };
};
