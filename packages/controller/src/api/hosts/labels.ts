import type { LabelSelector } from "@switchyard/model";

/** Whether the labels include all of the selector's; an empty selector takes every host. */
export const hasLabels = (labels: LabelSelector, selector: LabelSelector): boolean =>
  Object.entries(selector).every(([key, value]) => labels[key] === value);
