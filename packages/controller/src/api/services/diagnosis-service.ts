import {
  CHECKS,
  CHECKS_OF_CONTROLLER,
  CHECKS_OF_HOST,
  type CheckId,
  type CheckResult,
  isPreflightCheck,
} from "@switchyard/model";
import {
  diagnoseController,
  explainSymptom,
  HOST_CHECK_IDS,
  worstStatus,
} from "@switchyard/planner";
import { type DiagnosisReport, type DiagnosisServiceService, HostKind } from "@switchyard/proto";
import {
  CHECK_STATUS,
  toProtoCheck,
  toProtoCheckResult,
  toProtoSymptom,
} from "../convert/diagnosis.ts";
import { HOST_KIND } from "../convert/enums.ts";
import { toProtoHostOffload } from "../convert/offload.ts";
import { gatherControllerFacts } from "../diagnosis/controller-facts.ts";
import { diagnose } from "../diagnosis/diagnose.ts";
import { lookAtHost } from "../diagnosis/examine.ts";
import { createFleetViews } from "../diagnosis/fleet-view.ts";
import type { MethodsOf } from "../interceptors/service.ts";
import { gatherOffloads } from "../offload/host-offload.ts";
import type { ApiParts } from "../parts.ts";
import { hostName } from "../validation/names.ts";
import { createViolations, type Violations } from "../validation/violations.ts";
import { readName, readSelector } from "./read-fields.ts";

/** Characters of an error text that are matched; a job's log has more, its end says what happened. */
const SYMPTOM_LENGTH_MAX = 8192;
const ONLY_MAX = 200;

function checkOnly(
  only: readonly string[],
  known: Readonly<Record<string, unknown>>,
  violations: Violations,
): void {
  violations.check(only.length <= ONLY_MAX, "only", `must have ${ONLY_MAX} ids or fewer`);
  only.slice(0, ONLY_MAX).forEach((id, at) => {
    violations.check(Object.hasOwn(known, id), `only[${at}]`, `no check here is called "${id}"`);
  });
}

const checkText = (field: string, text: string, violations: Violations): boolean =>
  violations.check(
    text.length <= SYMPTOM_LENGTH_MAX,
    field,
    `must have ${SYMPTOM_LENGTH_MAX} characters or fewer`,
  );

/** Undefined: all of them. */
const onlyOf = (only: readonly string[]): ReadonlySet<string> | undefined =>
  only.length === 0 ? undefined : new Set(only);

const reportOf = (
  subject: string,
  results: readonly CheckResult[],
  rest: Pick<DiagnosisReport, "hostKind" | "diagnoseTime" | "symptom">,
): DiagnosisReport => ({
  subject,
  status: CHECK_STATUS[worstStatus(results)],
  results: results.map(toProtoCheckResult),
  ...rest,
});

export function createDiagnosisService(parts: ApiParts): MethodsOf<typeof DiagnosisServiceService> {
  const readFleet = createFleetViews(parts);
  const now = () => new Date(parts.clock.nowMs());
  return {
    diagnoseHost: {
      role: "viewer",
      call: async ({ name, only, symptom, preflight }, { caller }) => {
        const violations = createViolations();
        const id = violations.parse("name", name, hostName.parse);
        checkOnly(only, CHECKS_OF_HOST, violations);
        checkText("symptom", symptom, violations);
        violations.assertNone();
        // no violations: the name was parsed
        const { host, results } = await diagnose(parts, readFleet, { id: id!, actor: caller.name });
        const wanted = onlyOf(only);
        return reportOf(
          name,
          results.filter(
            ({ id: check }) =>
              (wanted?.has(check) ?? true) && (!preflight || isPreflightCheck(check)),
          ),
          {
            hostKind: host.kind === undefined ? HostKind.UNSPECIFIED : HOST_KIND[host.kind],
            diagnoseTime: now(),
            symptom:
              symptom === ""
                ? undefined
                : toProtoSymptom(symptom, explainSymptom(symptom, results)),
          },
        );
      },
    },
    diagnoseController: {
      role: "viewer",
      call: async ({ only }) => {
        const violations = createViolations();
        checkOnly(only, CHECKS_OF_CONTROLLER, violations);
        violations.assertNone();
        const facts = await gatherControllerFacts(parts, readFleet);
        return reportOf("controller", diagnoseController(facts, onlyOf(only)), {
          hostKind: HostKind.UNSPECIFIED,
          diagnoseTime: now(),
          symptom: undefined,
        });
      },
    },
    getHostOffload: {
      role: "viewer",
      call: async ({ host: name }) => {
        const {
          host,
          examination,
          silence = "",
        } = await lookAtHost(parts, readName("host", name, hostName));
        const [facts] = await gatherOffloads(parts, [host], examination);
        const { inventory } = host;
        const look = examination && inventory && { examination, inventory };
        return toProtoHostOffload(facts!, { look, silence }); // one for each host
      },
    },
    listHostOffloads: {
      role: "viewer",
      call: async (request) => {
        const selector = readSelector(request.labelSelector);
        const filter = { list: "host-offloads", selector };
        const page = parts.pager.pageOf(request, filter);
        const { items, next } = await parts.store.reads.hosts.list({ ...page, selector });
        const offloads = await gatherOffloads(parts, items);
        return {
          hostOffloads: offloads.map((facts) => toProtoHostOffload(facts)),
          nextPageToken: parts.pager.tokenOf(next, filter),
        };
      },
    },
    listChecks: {
      role: "viewer",
      call: async () => {
        const others = Object.keys(CHECKS).filter((id) => !Object.hasOwn(CHECKS_OF_HOST, id));
        const ids = [...HOST_CHECK_IDS, ...(others as CheckId[])];
        return { checks: ids.map(toProtoCheck) };
      },
    },
    explainSymptom: {
      role: "viewer",
      call: async ({ text, host }, { caller }) => {
        const violations = createViolations();
        violations.check(text.trim() !== "", "text", "is required");
        checkText("text", text, violations);
        const id = host === "" ? undefined : violations.parse("host", host, hostName.parse);
        violations.assertNone();
        if (id === undefined) return toProtoSymptom(text, explainSymptom(text));
        const { results } = await diagnose(parts, readFleet, { id, actor: caller.name });
        return toProtoSymptom(text, explainSymptom(text, results));
      },
    },
  };
}
