import type { StoreError } from "@switchyard/model";

/** What came of one of several things that were asked for together. */
export type Outcome<T> =
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "refused"; readonly error: StoreError };

export const done = <T>(value: T): Outcome<T> => ({ kind: "done", value });

export const refused = (error: StoreError): Outcome<never> => ({ kind: "refused", error });

/** The value of the only one. @throws StoreError the refusal */
export function onlyOf<T>([outcome]: readonly Outcome<T>[]): T {
  if (outcome === undefined) throw new RangeError("one was asked for, and none was answered");
  if (outcome.kind === "refused") throw outcome.error;
  return outcome.value;
}
