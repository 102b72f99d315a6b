import {
  type BmcSettings,
  type Host,
  listNicFunctions,
  type RedfishConnection,
  readBmcFacts,
  readBmcSettings,
  withRedfish,
} from "@switchyard/host";
import { type Bmc, type BmcFacts, type BmcNicFunction, REASONS } from "@switchyard/model";
import type { Clock } from "@switchyard/runtime";
import { BMC_CHANGED_PATH } from "../bmc/changed.ts";
import type { ReadCache } from "./read-cache.ts";
import type { Sections } from "./sections.ts";

/**
 * Age of an answer that is still given, milliseconds: a BMC is slow, and little that the agent does not do
 * itself changes there between two boots.
 */
const ANSWER_AGE_MS_MAX = 60_000;

/** The same for its NICs, which take two requests a function. */
const NICS_AGE_MS_MAX = 600_000;

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
  const facts = await sections.read<BmcFacts | undefined>({
    name: "The BMC",
    severity: "warning",
    fallback: undefined,
    read: () => readFacts(reader, settings),
  });
  return { ...settings.endpoint, facts: facts && (await withNics(reader, settings, facts)) };
}

/** A BMC that does not tell its NICs is good for everything else. */
async function withNics(
  reader: BmcReader,
  settings: BmcSettings,
  facts: BmcFacts,
): Promise<BmcFacts> {
  const nicFunctions = await reader.sections.read<readonly BmcNicFunction[] | undefined>({
    name: "The NICs' settings at the BMC",
    severity: "warning",
    fallback: undefined,
    read: () => readNics(reader, settings),
  });
  return { ...facts, ...(nicFunctions !== undefined && { nicFunctions }) };
}

const readFacts = (reader: BmcReader, settings: BmcSettings): Promise<BmcFacts> =>
  ask(reader, settings, { key: "bmc", ageMsMax: ANSWER_AGE_MS_MAX, read: readBmcFacts });

const readNics = (reader: BmcReader, settings: BmcSettings): Promise<readonly BmcNicFunction[]> =>
  ask(reader, settings, { key: "bmc-nics", ageMsMax: NICS_AGE_MS_MAX, read: listNicFunctions });

interface Question<Facts> {
  readonly key: string;
  readonly ageMsMax: number;
  readonly read: (connection: RedfishConnection) => Promise<Facts>;
}

/** That a BMC does not answer is remembered as well: each try may cost ten seconds. */
async function ask<Facts>(
  { host, clock, cache, bootId }: BmcReader,
  settings: BmcSettings,
  { key, ageMsMax, read }: Question<Facts>,
): Promise<Facts> {
  const hasChanged = await host.exists(BMC_CHANGED_PATH);
  const changed = hasChanged ? await host.readFile(BMC_CHANGED_PATH) : "";
  const age = Math.floor(clock.nowMs() / ageMsMax);
  const stamp = [bootId, settings.endpoint.address, changed, age].join(" ");
  const answer = await cache.get(key, stamp, async () => {
    try {
      return { facts: await withRedfish(host, settings, read) };
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
