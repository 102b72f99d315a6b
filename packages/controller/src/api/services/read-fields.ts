import type { LabelSelector } from "@switchyard/model";
import { checkLabels, checkRequestId } from "../validation/fields.ts";
import { hostName } from "../validation/names.ts";
import { createViolations } from "../validation/violations.ts";

interface Grammar<Id> {
  parse(name: string): Id;
}

/** @throws InvalidInputError FIELD_INVALID */
export function readName<Id>(field: string, name: string, grammar: Grammar<Id>): Id {
  const violations = createViolations();
  const id = violations.parse(field, name, grammar.parse);
  violations.assertNone();
  return id!; // no violations: it was parsed
}

/** Name and request id of a changing call. @throws InvalidInputError FIELD_INVALID */
export function readNamed<Id>(
  request: { readonly name: string; readonly requestId: string },
  grammar: Grammar<Id>,
): Id {
  const violations = createViolations();
  checkRequestId(request.requestId, violations);
  const id = violations.parse("name", request.name, grammar.parse);
  violations.assertNone();
  return id!; // no violations: it was parsed
}

/** As {@link readNamed}, with the state that the caller saw. @throws InvalidInputError FIELD_INVALID */
export const readVersioned = <Id>(
  request: { readonly name: string; readonly requestId: string; readonly etag: string },
  grammar: Grammar<Id>,
) => ({ id: readNamed(request, grammar), etag: request.etag });

/** A host as a filter; empty means all hosts. @throws InvalidInputError FIELD_INVALID */
export const readHostFilter = (host: string) =>
  host === "" ? undefined : readName("host", host, hostName);

/** @throws InvalidInputError FIELD_INVALID */
export function readSelector(selector: LabelSelector): LabelSelector {
  const violations = createViolations();
  checkLabels(selector, violations, "label_selector");
  violations.assertNone();
  return selector;
}
