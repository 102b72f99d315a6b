import { assert } from "@switchyard/model";
import type { Session } from "../connection/session.ts";
import {
  answerRequests,
  type BatchedRequest,
  claimStatement,
  dropRequests,
  type RequestClaim,
  readClaims,
} from "../requests/claim-requests.ts";
import { type Admission, admit, newLedger } from "./admit.ts";
import { checkRules } from "./check-rules.ts";
import { chooseNics } from "./choose-nics.ts";
import { recordOf } from "./insert-vms.ts";
import { type Look, lockStatements, readLook } from "./lock-and-look.ts";
import type { GroupOutcome, PlacementGroup } from "./placement-store.ts";
import type { PoolHints } from "./pool-hints.ts";
import type { StockSources } from "./stock.ts";
import { type AcceptedGroup, writePlaced } from "./write-placed.ts";

const requestOf = ({ request, actor }: PlacementGroup): BatchedRequest | undefined =>
  request && { ...request, actor };

/** A twin of a request of this batch is answered once that one is: it comes again. */
function outcomeOfClaim(group: PlacementGroup, claimed: RequestClaim): GroupOutcome | undefined {
  if (claimed.kind === "first") return undefined;
  if (claimed.kind === "reused") return { kind: "failed", error: claimed.error };
  if (claimed.answer !== null) return { kind: "repeated", answer: claimed.answer };
  const stale = group.vms.map(({ id, host }) => ({ vm: id, host, why: "host-busy" as const }));
  return { kind: "stale", stale };
}

/** Each group in turn against what those before it leave. */
async function judge(
  session: Session,
  groups: readonly PlacementGroup[],
  look: Look,
): Promise<ReadonlyMap<PlacementGroup, Admission>> {
  const broken = await checkRules(session, groups);
  let ledger = newLedger();
  const verdicts = new Map<PlacementGroup, Admission>();
  for (const group of groups) {
    const stale = broken.get(group) ?? [];
    const verdict: Admission =
      stale.length > 0 ? { kind: "stale", stale } : admit(group.vms, look, ledger);
    if (verdict.kind === "admitted") ledger = verdict.ledger;
    verdicts.set(group, verdict);
  }
  return verdicts;
}

/** Request ids are claimed, everything is locked and looked at, and addresses are guessed, in one round trip. */
async function begin(session: Session, groups: readonly PlacementGroup[], hints: PoolHints) {
  const asking = groups.flatMap((group) => {
    const request = requestOf(group);
    return request === undefined ? [] : [{ group, request }];
  });
  const requests = asking.map(({ request }) => request);
  const planned = groups.flatMap(({ vms }) => vms);
  const networks = planned.flatMap(({ spec }) => spec.nics.map(({ network }) => network));
  const guess = hints.guess([...new Set(networks)], networks.length);
  const locks = lockStatements(planned);
  const results = await session.client.queryAll([
    claimStatement(requests),
    ...locks,
    ...guess.statements,
  ]);
  const behindLocks = 1 + locks.length;
  const claims = await readClaims(session, requests, results[0]?.rows ?? []);
  return {
    claims: new Map(asking.map(({ group }, at) => [group, claims[at]!])), // one claim per request
    look: readLook(results.slice(1, behindLocks)),
    guessed: guess.read(results.slice(behindLocks)),
  };
}

/** The groups in one transaction, which is still to be committed: {@link PlacementStore.place}. */
export async function placeGroups(
  session: Session,
  groups: readonly PlacementGroup[],
  hints: PoolHints,
): Promise<readonly GroupOutcome[]> {
  const outcomes = new Map<PlacementGroup, GroupOutcome>();
  const { claims, look, guessed } = await begin(session, groups, hints);
  for (const [group, claimed] of claims) {
    const outcome = outcomeOfClaim(group, claimed);
    if (outcome !== undefined) outcomes.set(group, outcome);
  }
  const open = groups.filter((group) => !outcomes.has(group));
  if (open.length > 0) await placeOpen(session, open, { outcomes, look, hints, guessed });
  const returned = open.flatMap((group) => {
    const request = requestOf(group);
    return outcomes.get(group)?.kind === "placed" || request === undefined ? [] : [request];
  });
  await dropRequests(session, returned);
  return groups.map((group) => outcomes.get(group)!); // each has one
}

async function placeOpen(
  session: Session,
  open: readonly PlacementGroup[],
  on: StockSources & { readonly outcomes: Map<PlacementGroup, GroupOutcome>; readonly look: Look },
): Promise<void> {
  const { outcomes, look } = on;
  const verdicts = await judge(session, open, look);
  for (const [group, verdict] of verdicts) {
    if (verdict.kind !== "admitted") outcomes.set(group, verdict);
  }
  const admitted = open.filter((group) => !outcomes.has(group));
  const chosen = await chooseNics(
    session,
    admitted.map(({ vms }) => vms),
    on,
  );
  const revisions = look.revisions.values();
  const accepted = admitted.flatMap((group, at): readonly AcceptedGroup[] => {
    const outcome = chosen[at];
    assert(outcome !== undefined, "one outcome per group");
    if ("error" in outcome) {
      outcomes.set(group, { kind: "failed", error: outcome.error });
      return [];
    }
    const draw = (): number => {
      const { value } = revisions.next();
      assert(value !== undefined, "two revisions were drawn for each VM");
      return value;
    };
    const records = group.vms.map((vm) => {
      const nics = outcome.nics.get(vm) ?? [];
      return recordOf(session, { planned: vm, nics }, { look, revision: draw() });
    });
    return [{ group, records, jobRevisions: records.map(draw) }];
  });
  if (accepted.length === 0) return;
  const jobs = new Map((await writePlaced(session, accepted, look)).map((job) => [job.id, job]));
  const answers = accepted.map(({ group, records }) => ({
    group,
    records,
    answer: group.answerOf(records),
  }));
  answerRequests(
    session,
    answers.flatMap(({ group, answer }) => {
      const request = requestOf(group);
      return request === undefined ? [] : [{ request, answer }];
    }),
  );
  for (const { group, records, answer } of answers) {
    const made = records.flatMap(({ job }) => (job && jobs.get(job)) ?? []);
    outcomes.set(group, { kind: "placed", vms: records, jobs: made, answer });
  }
}
