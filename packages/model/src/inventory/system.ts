/** What the agent observed of the operating system. Undefined members could not be read. */
export interface SystemFacts {
  /** Installed packages: name → version; of one installed several times, the version installed last. */
  readonly packages: Readonly<Record<string, string>> | undefined;
  /** Ids of the repositories that are enabled, sorted. */
  readonly repositories: readonly string[] | undefined;
}
