import { assert } from "@switchyard/model";
import type { Clock } from "@switchyard/runtime";
import { sqlState } from "../connection/database-error.ts";
import type { Session } from "../connection/session.ts";
import type { Transactor } from "../connection/transactor.ts";
import { createImageWrites } from "../images/image-rows.ts";
import { insertJobs } from "../jobs/insert-jobs.ts";
import {
  answerRequests,
  type BatchedRequest,
  claimRequests,
  dropRequests,
  type RequestClaim,
} from "../requests/claim-requests.ts";
import { auditOfVm } from "../vms/audit-of-vm.ts";
import type { VmRecord } from "../vms/vm-queries.ts";
import { type Admission, admit, newLedger } from "./admit.ts";
import { checkRules } from "./check-rules.ts";
import { chooseNics, createPoolHints, type PoolHints } from "./choose-nics.ts";
import { insertVms, recordOf } from "./insert-vms.ts";
import { type Look, lockAndLook } from "./lock-and-look.ts";
import type { GroupOutcome, PlacementGroup, PlacementStore } from "./placement-store.ts";

/** @see PostgreSQL manual, appendix A */
const UNIQUE_VIOLATION = "23505";

/** Times that another transaction may take a name or an address that was seen free a moment before. */
const TRIES_MAX = 4;

const requestOf = ({ request, actor }: PlacementGroup): BatchedRequest | undefined =>
  request && { ...request, actor };

/** Claims of the groups that have a request id. */
async function claim(
  session: Session,
  groups: readonly PlacementGroup[],
): Promise<ReadonlyMap<PlacementGroup, RequestClaim>> {
  const asking = groups.flatMap((group) => {
    const request = requestOf(group);
    return request === undefined ? [] : [{ group, request }];
  });
  const claims = await claimRequests(
    session,
    asking.map(({ request }) => request),
  );
  return new Map(asking.map(({ group }, at) => [group, claims[at]!])); // one claim per request
}

/** A twin of a request of this batch is answered once that one is: it comes again. */
function outcomeOfClaim(group: PlacementGroup, claimed: RequestClaim): GroupOutcome | undefined {
  if (claimed.kind === "first") return undefined;
  if (claimed.kind === "reused") return { kind: "failed", error: claimed.error };
  if (claimed.answer !== null) return { kind: "repeated", answer: claimed.answer };
  const stale = group.vms.map(({ id, host }) => ({ vm: id, host, why: "host-busy" as const }));
  return { kind: "stale", stale };
}

interface Accepted {
  readonly group: PlacementGroup;
  readonly records: readonly VmRecord[];
}

function logCreation(session: Session, { actor, requestId }: PlacementGroup, vm: VmRecord): void {
  session.placedHosts.add(vm.allocation.host);
  session.changes.push({ kind: "vms", key: vm.id, operation: "created", record: vm });
  const audit = { action: "vm.create", resource: `vms/${vm.id}`, details: auditOfVm(vm) };
  session.audits.push({ actor, requestId, ...audit });
}

/** The VMs, what they take, and the jobs that start them. */
async function write(session: Session, accepted: readonly Accepted[], look: Look): Promise<void> {
  insertVms(
    session,
    accepted.flatMap(({ records }) => records),
    look,
  );
  const networks = new Map([...look.networks].map(([id, { spec }]) => [id, spec]));
  const drafts = accepted.flatMap(({ group, records }) =>
    records.map((vm) => {
      const { boot } = vm.spec;
      const image = boot.kind === "image" ? look.images.get(boot.image) : undefined;
      const { actor, requestId, traceparent = "" } = group;
      return { ...group.jobOf(vm, { image, networks }), actor, requestId, traceparent };
    }),
  );
  for (const { group, records } of accepted) {
    for (const vm of records) logCreation(session, group, vm);
  }
  for (const insertion of await insertJobs(session, drafts)) {
    if (insertion.kind === "refused") throw insertion.error;
  }
  await noteFetches(session, accepted);
}

/** A VM's job brings its image first, which the job's end settles. */
async function noteFetches(session: Session, accepted: readonly Accepted[]): Promise<void> {
  const images = createImageWrites(session);
  const noted = new Set<string>();
  for (const { spec, allocation, job } of accepted.flatMap(({ records }) => records)) {
    if (spec.boot.kind !== "image" || job === undefined) continue;
    const { image } = spec.boot;
    const key = `${image} ${allocation.host}`;
    if (noted.has(key)) continue;
    noted.add(key);
    await images.setCopy({ image, host: allocation.host, state: "fetching", job });
  }
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

async function placeGroups(
  session: Session,
  groups: readonly PlacementGroup[],
  hints: PoolHints,
): Promise<readonly GroupOutcome[]> {
  const outcomes = new Map<PlacementGroup, GroupOutcome>();
  const claims = await claim(session, groups);
  for (const [group, claimed] of claims) {
    const outcome = outcomeOfClaim(group, claimed);
    if (outcome !== undefined) outcomes.set(group, outcome);
  }
  const open = groups.filter((group) => !outcomes.has(group));
  if (open.length > 0) await placeOpen(session, open, { outcomes, hints });
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
  into: { readonly outcomes: Map<PlacementGroup, GroupOutcome>; readonly hints: PoolHints },
): Promise<void> {
  const { outcomes, hints } = into;
  const planned = open.flatMap(({ vms }) => vms);
  const look = await lockAndLook(
    session,
    planned,
    planned.flatMap(({ bridges }) => bridges),
  );
  const verdicts = await judge(session, open, look);
  for (const [group, verdict] of verdicts) {
    if (verdict.kind !== "admitted") outcomes.set(group, verdict);
  }
  const admitted = open.filter((group) => !outcomes.has(group));
  const chosen = await chooseNics(
    session,
    admitted.map(({ vms }) => vms),
    { look, hints },
  );
  const revisions = look.revisions.values();
  const accepted = admitted.flatMap((group, at): readonly Accepted[] => {
    const outcome = chosen[at];
    assert(outcome !== undefined, "one outcome per group");
    if ("error" in outcome) {
      outcomes.set(group, { kind: "failed", error: outcome.error });
      return [];
    }
    const records = group.vms.map((vm) => {
      const revision = revisions.next().value;
      assert(revision !== undefined, "one revision was drawn for each VM");
      const nics = outcome.nics.get(vm) ?? [];
      return recordOf(session, { planned: vm, nics }, { look, revision });
    });
    return [{ group, records }];
  });
  if (accepted.length === 0) return;
  await write(session, accepted, look);
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
    outcomes.set(group, { kind: "placed", vms: records, answer });
  }
}

export function createPlacementStore(options: {
  readonly transactor: Transactor;
  readonly clock: Clock;
}): PlacementStore {
  const hints = createPoolHints(options.clock);

  const run = (groups: readonly PlacementGroup[], isDryRun: boolean) =>
    options.transactor.run(
      {
        pool: "relay",
        actor: "controller",
        // With a request id a second run finds the first one's answer.
        isRepeatable: groups.every(({ request }) => request !== undefined),
        isDryRun,
      },
      (session) => placeGroups(session, groups, hints),
    );

  const place = async (
    groups: readonly PlacementGroup[],
    isDryRun: boolean,
  ): Promise<readonly GroupOutcome[]> => {
    for (let tried = 1; ; tried += 1) {
      try {
        return await run(groups, isDryRun);
      } catch (error) {
        if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
        if (tried < TRIES_MAX) continue;
        if (groups.length === 1) throw error;
        const alone: GroupOutcome[] = [];
        for (const group of groups) alone.push(...(await place([group], isDryRun)));
        return alone;
      }
    }
  };
  return { place: (groups, { isDryRun = false } = {}) => place(groups, isDryRun) };
}
