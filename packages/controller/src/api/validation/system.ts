import {
  isKernelArgument,
  isPackageSpec,
  isSettable,
  LIMITS_OF_SYSTEM,
  type Repository,
  type RepositorySource,
  SELINUX_OFF,
  type SystemSpec,
} from "@switchyard/model";
import type {
  Repository as ProtoRepository,
  SystemSpec as ProtoSystemSpec,
} from "@switchyard/proto";
import type { Violations } from "./violations.ts";

const REPOSITORY_ID = /^[a-z0-9][a-z0-9._-]{0,62}$/;
/** No blanks, quotes or line ends: it becomes a line of a configuration file. */
const URL_TEXT = /^(https?|file):\/\/[^\s"'\\]{1,2000}$/;
const KEY_PATH = /^\/[^\s"'\\]{1,1000}$/;
const KEY_URL = /^https:\/\/[^\s"'\\]{1,2000}$/;
/** Name of a suite or a component of an archive of Debian packages. */
const ARCHIVE_WORD = /^[A-Za-z0-9.][A-Za-z0-9._/-]{0,99}$/;
const MODULE = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

function checkCount(
  violations: Violations,
  field: string,
  list: { readonly length: number; readonly max: number },
): void {
  violations.check(list.length <= list.max, field, `has more than ${list.max} entries`);
}

function checkEach(
  violations: Violations,
  field: string,
  values: { readonly list: readonly string[]; readonly max: number },
  rule: { readonly holds: (text: string) => boolean; readonly words: string },
): void {
  checkCount(violations, field, { length: values.list.length, max: values.max });
  for (const [index, text] of values.list.slice(0, values.max).entries()) {
    violations.check(rule.holds(text), `${field}[${index}]`, rule.words);
  }
  const isTwice = new Set(values.list).size < values.list.length;
  violations.check(!isTwice, field, "names something twice");
}

function checkArguments(list: readonly string[], violations: Violations): void {
  const field = "kernel_arguments";
  checkEach(
    violations,
    field,
    { list, max: LIMITS_OF_SYSTEM.kernelArgumentsMax },
    { holds: isKernelArgument, words: "must be KEY or KEY=VALUE without blanks and quotes" },
  );
  for (const [index, text] of list.slice(0, LIMITS_OF_SYSTEM.kernelArgumentsMax).entries()) {
    violations.check(
      isSettable(text),
      `${field}[${index}]`,
      "has a key that may be given several times; set it on the host by hand",
    );
    violations.check(text !== SELINUX_OFF, `${field}[${index}]`, "is what disable_selinux is for");
  }
  const keys = list.map((text) => text.split("=", 1)[0]);
  violations.check(new Set(keys).size === keys.length, field, "gives one key two values");
}

function readSource(
  repository: ProtoRepository,
  violations: Violations,
): RepositorySource | undefined {
  const { url, gpgKey, suite, components } = repository;
  const own = violations.at("");
  if (url === "") {
    const isBare = gpgKey === "" && suite === "" && components.length === 0;
    own.check(isBare, "url", "is required with gpg_key, suite and components");
    return undefined;
  }
  own.check(URL_TEXT.test(url), "url", "must be an http, https or file URL without blanks");
  own.check(
    KEY_PATH.test(gpgKey) || KEY_URL.test(gpgKey),
    "gpg_key",
    "must be a path on the host or an https URL: packages are not installed unverified",
  );
  own.check(suite === "" || ARCHIVE_WORD.test(suite), "suite", "must be a word such as bookworm");
  checkEach(
    own,
    "components",
    { list: components, max: LIMITS_OF_SYSTEM.componentsMax },
    { holds: (text) => ARCHIVE_WORD.test(text), words: "must be a word such as main" },
  );
  return { url, gpgKey, suite: suite === "" ? undefined : suite, components: [...components] };
}

function readRepository(repository: ProtoRepository, violations: Violations): Repository {
  const { id } = repository;
  violations.check(
    REPOSITORY_ID.test(id),
    "id",
    "must be 1 to 63 of a-z, 0-9 and . _ -, beginning with a letter or digit",
  );
  return { id, source: readSource(repository, violations) };
}

/** The section as the model has it; with violations added where it is not valid. */
export function readSystem(spec: ProtoSystemSpec, violations: Violations): SystemSpec {
  const { kernelArguments, disableSelinux, packages, updateKernel, modulesAtBoot } = spec;
  checkArguments(kernelArguments, violations);
  checkEach(
    violations,
    "packages",
    { list: packages, max: LIMITS_OF_SYSTEM.packagesMax },
    { holds: isPackageSpec, words: "must be a package's name, with version or without" },
  );
  checkEach(
    violations,
    "modules_at_boot",
    { list: modulesAtBoot, max: LIMITS_OF_SYSTEM.modulesAtBootMax },
    { holds: (text) => MODULE.test(text), words: "must be a kernel module's name" },
  );
  const max = LIMITS_OF_SYSTEM.repositoriesMax;
  checkCount(violations, "repositories", { length: spec.repositories.length, max });
  const repositories = spec.repositories
    .slice(0, max)
    .map((each, index) => readRepository(each, violations.at(`repositories[${index}]`)));
  const ids = repositories.map(({ id }) => id);
  violations.check(new Set(ids).size === ids.length, "repositories", "names an id twice");
  return {
    kernelArguments: [...kernelArguments],
    disablesSelinux: disableSelinux,
    repositories,
    packages: [...packages],
    updatesKernel: updateKernel,
    modulesAtBoot: [...modulesAtBoot],
  };
}
