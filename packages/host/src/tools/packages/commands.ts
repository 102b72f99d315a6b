import type { Argv, DistroFamily } from "@switchyard/model";

/** One line a package: name, version, architecture, state; the same columns for both families. */
export const packageQuery = (family: DistroFamily): Argv =>
  family === "rhel"
    ? ["rpm", "-qa", "--qf", "%{NAME} %{VERSION}-%{RELEASE} %{ARCH} installed\\n"]
    : [
        "dpkg-query",
        "-W",
        // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own field names
        "-f=${Package} ${Version} ${Architecture} ${db:Status-Status}\\n",
      ];

/** Changes whenever one of the files does: inode, size, time of the last change. @see stat(1) */
export const fileStamps = (paths: readonly string[]): Argv => [
  "stat",
  "-c",
  "%n %i %s %.9Y",
  ...paths,
];

/** Newest kernel on offer, from dnf's cache alone: nothing is fetched. @see dnf(8), repoquery */
export const dnfNewest = (name: string): Argv => [
  "dnf",
  "-C",
  "-q",
  "repoquery",
  "--latest-limit=1",
  "--qf=%{version}-%{release}.%{arch}",
  name,
];

/** @see apt-cache(8) */
export const aptCacheShow = (name: string): Argv => ["apt-cache", "show", name];
