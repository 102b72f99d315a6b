/** Where programs are looked for; the last is where RHEL keeps qemu-kvm. */
const SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/libexec";

/** The whole environment of every program that the agent runs. */
export const COMMAND_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: SEARCH_PATH,
  LC_ALL: "C",
};
