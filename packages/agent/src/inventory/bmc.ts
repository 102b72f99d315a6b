import {
  type BmcSettings,
  type Host,
  readBmcFacts,
  readBmcSettings,
  withRedfish,
} from "@switchyard/host";
import { type Bmc, type BmcFacts, REASONS } from "@switchyard/model";
import type { Clock } from "@switchyard/runtime";
import { BMC_CHANGED_PATH } from "../bmc/changed.ts";
import type { ReadCache } from "./read-cache.ts";
import type { Sections } from "./sections.ts";

/**
 * Age of an answer that is still given, milliseconds: a BMC is slow, and little that the agent does not do
 * itself changes there between two boots.
 */
const ANSWER_AGE_MS_MAX = 60_000;

export interface BmcReader {
  readonly host: Host;
  readonly clock: Clock;
  readonly cache: ReadCache;
  readonly sections: Sections;
  readonly bootId: string;
  /** From the agent's own configuration; undefined: the host may say. */
  readonly configured: BmcSettings | undefined;
}

/** The BMC as its settings and itself describe it; undefined where the agent was told of none. */
export async function readBmc(reader: BmcReader): Promise<Bmc | undefined> {
  const { host, sections, configured } = reader;
  const settings = await sections.read<BmcSettings | undefined>({
    name: "The settings of the BMC",
    severity: "warning",
    fallback: undefined,
    read: async () => configured ?? (await readBmcSettings(host)),
  });
  if (settings === undefined) return undefined;
  if (settings.endpoint.trust.kind === "unverified") addUnverified(sections, settings);
  return {
    ...settings.endpoint,
    facts: await sections.read<BmcFacts | undefined>({
      name: "The BMC",
      severity: "warning",
      fallback: undefined,
      read: () => readFacts(reader, settings),
    }),
  };
}

/** That a BMC does not answer is remembered as well: each try may cost ten seconds. */
async function readFacts(reader: BmcReader, settings: BmcSettings): Promise<BmcFacts> {
  const { host, clock, cache, bootId } = reader;
  const hasChanged = await host.exists(BMC_CHANGED_PATH);
  const changed = hasChanged ? await host.readFile(BMC_CHANGED_PATH) : "";
  const age = Math.floor(clock.nowMs() / ANSWER_AGE_MS_MAX);
  const stamp = [bootId, settings.endpoint.address, changed, age].join(" ");
  const answer = await cache.get("bmc", stamp, async () => {
    try {
      return { facts: await withRedfish(host, settings, readBmcFacts) };
    } catch (error) {
      return { error };
    }
  });
  if ("facts" in answer) return answer.facts;
  throw answer.error;
}

function addUnverified(sections: Sections, { endpoint }: BmcSettings): void {
  sections.add({
    reason: "BMC_UNVERIFIED",
    severity: "warning",
    message: `The BMC at ${endpoint.address} is not verified`,
    found: "unverifiedForDevelopment",
    needs: "publicKey or caFile",
    fix: REASONS.BMC_UNVERIFIED.fix,
  });
}
