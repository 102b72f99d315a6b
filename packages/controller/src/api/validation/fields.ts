import type { LabelSelector } from "@switchyard/model";
import type { Violations } from "./violations.ts";

/** Longest request id: a UUID and room for a prefix. */
const REQUEST_ID = /^[A-Za-z0-9_.:-]{1,128}$/;

const LABEL_KEY = /^[a-z0-9]([a-z0-9._/-]{0,61}[a-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/;
const LABELS_MAX = 64;

/** Empty is allowed: the call is then not repeatable. */
export function checkRequestId(requestId: string, violations: Violations): void {
  violations.check(
    requestId === "" || REQUEST_ID.test(requestId),
    "request_id",
    "must be 1 to 128 letters, digits and . _ : -",
  );
}

/** One line of text for people, 1 to `lengthMax` characters. */
export function checkText(
  violations: Violations,
  field: string,
  text: string,
  lengthMax: number,
): void {
  violations.check(
    text.trim() !== "" && text.length <= lengthMax && !/\p{Cc}/u.test(text),
    field,
    `must be 1 to ${lengthMax} characters without control characters`,
  );
}

export function checkInteger(
  violations: Violations,
  field: string,
  range: { readonly value: number; readonly min: number; readonly max: number },
): void {
  const isIn = range.value >= range.min && range.value <= range.max;
  violations.check(isIn, field, `is ${range.value}; must be ${range.min} to ${range.max}`);
}

/** A count as it was given; 0 leaves it to the default. */
export function readCount(
  violations: Violations,
  field: string,
  count: { readonly value: number; readonly byDefault: number; readonly max: number },
): number {
  const { value, byDefault, max } = count;
  checkInteger(violations, field, { value, min: 0, max });
  return value === 0 ? byDefault : value;
}

export function checkLabels(labels: LabelSelector, violations: Violations, field: string): void {
  const entries = Object.entries(labels);
  violations.check(entries.length <= LABELS_MAX, field, `has more than ${LABELS_MAX} entries`);
  for (const [key, value] of entries.slice(0, LABELS_MAX)) {
    const at = `${field}[${key.slice(0, 64)}]`;
    violations.check(
      LABEL_KEY.test(key),
      at,
      "key must be 1 to 63 of a-z, 0-9 and . _ / -, with a letter or digit at both ends",
    );
    violations.check(
      LABEL_VALUE.test(value),
      at,
      "value must be 0 to 63 letters, digits and . _ -, with a letter or digit at both ends",
    );
  }
}
