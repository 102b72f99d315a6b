import { type Finding, ProfileSpec } from "@switchyard/client";
import { stringify } from "yaml";
import { EXIT_CODES } from "../../exit-codes.ts";
import { resourceName } from "../../input/names.ts";
import { shortName } from "../../output/values.ts";
import { defineVerb } from "../../verb.ts";
import { formatFindings } from "../../views/kinds.ts";

/** What the profile can't express, so that it stays with the file. */
const commentsOf = (findings: readonly Finding[]): string =>
  findings
    .map(({ reason, message, found, needs, fix }) =>
      [`${reason}: ${message}`, `  found: ${found}`, `  needs: ${needs}`, `  try: ${fix}`]
        .map((line) => `# ${line.replaceAll(/[\r\n]+/g, " ")}\n`)
        .join(""),
    )
    .join("");

/**
 * Prints what `swy profile create -f -` takes; what the profile can't express goes to stderr, and into
 * comments of the YAML.
 */
export const verb = defineVerb({
  configure: (command) => {
    command.argument("<host>", "host that was set up already");
  },
  run: async ({ context, args: [host = ""] }) => {
    const { profiles } = await context.client();
    const name = resourceName("hosts", host);
    const { spec, findings } = await profiles.describeHost({ host: name });
    if (findings.length > 0) context.io.stderr.write(formatFindings(findings, context.talkStyle));
    if (spec === undefined) return EXIT_CODES.precondition.code;
    const json = ProfileSpec.toJSON(spec);
    const isJson = context.settings.output === "json";
    const yaml = () => `${commentsOf(findings)}${stringify(json)}`;
    context.out(isJson ? `${JSON.stringify(json, undefined, 2)}\n` : yaml());
    if (Object.keys(spec.selector).length === 0) {
      context.talk(`the host has no labels: swy host label ${shortName(name)} KEY=VALUE`);
    }
    return undefined;
  },
});
