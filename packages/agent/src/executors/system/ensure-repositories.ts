import { disableRepository, enableRepository, isRepositoryReady } from "@switchyard/host";
import type { Repository } from "@switchyard/model";
import { ensure } from "../executor.ts";

interface State {
  /** Repositories that are not enabled, or not as they shall be. */
  readonly missing: readonly Repository[];
}

export const ensureRepositories = ensure<"ensureRepositories", State>({
  read: async ({ host }, { family, repositories }) => {
    const missing: Repository[] = [];
    for (const repository of repositories) {
      if (!(await isRepositoryReady(host, family, repository))) missing.push(repository);
    }
    return { missing };
  },
  isSatisfied: ({ missing }) => missing.length === 0,
  apply: async ({ host }, { family }, { missing }) => {
    for (const repository of missing) await enableRepository(host, family, repository);
  },
  undo: async ({ host }, { family }, { missing }) => {
    for (const repository of missing.toReversed()) {
      await disableRepository(host, family, repository);
    }
  },
  failure: "PACKAGE_CHANGE_FAILED",
});
