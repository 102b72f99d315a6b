import { readKernelArguments } from "@switchyard/host";
import { hasArgument, missingArguments } from "@switchyard/model";
import type { EffectReader } from "./effect-reader.ts";

/** The command line the running kernel was started with is the only proof. @see proc(5), /proc/cmdline */
export const kernelArguments: EffectReader<"kernel-arguments"> = async (
  { observer },
  { present, absent },
) => {
  const running = await readKernelArguments(observer);
  const missing = missingArguments(running, present);
  const left = absent.filter((token) => hasArgument(running, token));
  if (missing.length === 0 && left.length === 0) return undefined;
  return {
    found: `kernel command line: ${running.join(" ")}`,
    needs: [...missing, ...left.map((token) => `no ${token}`)].join(" "),
  };
};
