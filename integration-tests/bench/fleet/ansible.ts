import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { timed } from "../dispatch/throughput.ts";

/** Ansible's default is 5; with fewer than the hosts it would go over them in turns. */
export const FORKS = 40;
export const ANSIBLE_HOSTS = 40;

const PACKAGE = "ansible-core";
const PROGRAM = "/usr/bin/ansible-playbook";
const INSTALL_TIMEOUT_MS = 10 * 60_000;
const RUN_TIMEOUT_MS = 5 * 60_000;

/**
 * Installs the package where it is missing and we may.
 *
 * @returns why there is no peer to compare with; undefined when it is there
 */
export async function findObstacle(say: (line: string) => void): Promise<string | undefined> {
  const isThere = async () => (await execa("ls", [PROGRAM], { reject: false })).exitCode === 0;
  if (await isThere()) return undefined;
  if (process.getuid?.() !== 0) return `not installed: apt-get install ${PACKAGE}`;
  say(`installing ${PACKAGE}`);
  const { stderr } = await execa(
    "apt-get",
    ["install", "--yes", "--no-install-recommends", PACKAGE],
    {
      env: { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" },
      timeout: INSTALL_TIMEOUT_MS,
      reject: false,
    },
  );
  if (await isThere()) return undefined;
  return `apt-get install ${PACKAGE} failed: ${stderr.trim().split("\n").at(-1) ?? ""}`;
}

const HOST_VARIABLES = "ansible_connection=local ansible_python_interpreter=/usr/bin/python3";

const inventory = (): string =>
  Array.from({ length: ANSIBLE_HOSTS }, (_, index) => `host-${index} ${HOST_VARIABLES}\n`).join("");

/** The setting, compared before it is changed, and a restart: a file, and a program that does nothing. */
const playbook = (folder: string, isEnabled: boolean): string => `- hosts: all
  gather_facts: false
  tasks:
    - name: set hw-offload
      ansible.builtin.lineinfile:
        path: ${folder}/state/{{ inventory_hostname }}
        regexp: "^hw-offload="
        line: "hw-offload=${isEnabled}"
        create: true
        mode: "0600"
    - name: restart the switch
      ansible.builtin.command: /bin/true
`;

/** Hosts per second of an equivalent change: two tasks on hosts that are this machine, with no network in between. */
export async function measureAnsible(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "sy-ansible-"));
  const [hosts, play] = [join(folder, "hosts.ini"), join(folder, "play.yml")];
  const run = async (isEnabled: boolean) => {
    await writeFile(play, playbook(folder, isEnabled));
    await execa(PROGRAM, ["--inventory", hosts, "--forks", String(FORKS), play], {
      env: { PATH: "/usr/bin:/bin", LC_ALL: "C.UTF-8", HOME: folder, ANSIBLE_NOCOLOR: "1" },
      extendEnv: false,
      timeout: RUN_TIMEOUT_MS,
    });
  };
  try {
    await mkdir(join(folder, "state"));
    await writeFile(hosts, inventory());
    await run(false);
    const tookMs = await timed(() => run(true));
    return (ANSIBLE_HOSTS * 1000) / tookMs;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
