/** A package repository that a host shall have enabled. */
export interface Repository {
  /** `epel`, `crb`, or a name of our own: `[a-z0-9][a-z0-9._-]*`. */
  readonly id: string;
  /** Where one of our own is; undefined for one that the distribution has. */
  readonly source: RepositorySource | undefined;
}

export interface RepositorySource {
  /** `https:`, `http:` or `file:`. */
  readonly url: string;
  /** Key its packages are signed with: a path on the host, or an `https:` URL, which apt can't take. */
  readonly gpgKey: string;
  /** Debian only: `bookworm`, or `./` for a flat repository. */
  readonly suite: string | undefined;
  /** Debian only: `main`. */
  readonly components: readonly string[];
}

/** Where Switchyard keeps a repository of its own: one file, so that it can be taken back whole. */
const OWN_PREFIX = "switchyard-";

export const dnfRepositoryPath = (id: string): string => `/etc/yum.repos.d/${OWN_PREFIX}${id}.repo`;
export const aptRepositoryPath = (id: string): string =>
  `/etc/apt/sources.list.d/${OWN_PREFIX}${id}.sources`;

/** @see dnf.conf(5), "Repo options" */
export const formatDnfRepository = (id: string, { url, gpgKey }: RepositorySource): string =>
  [
    `[${id}]`,
    `name=${id} (Switchyard)`,
    `baseurl=${url}`,
    "enabled=1",
    "gpgcheck=1",
    `gpgkey=${gpgKey.startsWith("/") ? `file://${gpgKey}` : gpgKey}`,
    "",
  ].join("\n");

/** One stanza in deb822 style. @see sources.list(5) */
export const formatAptRepository = (source: RepositorySource): string =>
  [
    "Types: deb",
    `URIs: ${source.url}`,
    `Suites: ${source.suite ?? "./"}`,
    ...(source.components.length === 0 ? [] : [`Components: ${source.components.join(" ")}`]),
    `Signed-By: ${source.gpgKey}`,
    "",
  ].join("\n");
