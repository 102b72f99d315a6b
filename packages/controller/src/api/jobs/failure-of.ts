import type { JobFailure, SwitchyardError } from "@switchyard/model";

/** An error that kept work from beginning, as the failure of that work: no step had run. */
export const failureOf = ({ reason, message, metadata }: SwitchyardError): JobFailure => ({
  ...{ reason, message, metadata },
  step: undefined,
});
