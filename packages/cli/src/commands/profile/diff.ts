import { DiffProfileResponse, FindingSeverity, type HostDiff } from "@switchyard/client";
import { EXIT_CODES } from "../../exit-codes.ts";
import { resourceName } from "../../input/names.ts";
import { printDocument } from "../../output/print.ts";
import type { Style } from "../../output/style.ts";
import { formatTable } from "../../output/table.ts";
import { shortName } from "../../output/values.ts";
import { defineVerb } from "../../verb.ts";
import { formatFindings } from "../../views/kinds.ts";

export const verb = defineVerb<{ readonly exitCode?: boolean }>({
  configure: (command) => {
    command
      .argument("<profile>")
      .option("--exit-code", "exit 10 when a host differs, 7 when a finding blocks one");
  },
  run: async ({ context, args: [profile = ""], options }) => {
    const { profiles } = await context.client();
    const diff = await profiles.diffProfile({ name: resourceName("profiles", profile) });
    const text = formatDiff(diff.hosts, context.style, context.settings.hasHeaders);
    await printDocument(context, { json: DiffProfileResponse.toJSON(diff), text });
    if (!options.exitCode) return undefined;
    const findings = diff.hosts.flatMap((host) => host.findings);
    if (findings.some(({ severity }) => severity === FindingSeverity.ERROR)) {
      return EXIT_CODES.precondition.code;
    }
    return diff.hosts.some(({ fields }) => fields.length > 0) ? EXIT_CODES.changes.code : undefined;
  },
});

function formatDiff(hosts: readonly HostDiff[], style: Style, hasHeaders: boolean): string {
  const rows = hosts.flatMap(({ host, fields }) => fields.map((field) => ({ host, ...field })));
  const same = hosts.filter(({ fields }) => fields.length === 0).map(({ host }) => shortName(host));
  const table = formatTable(
    [
      { header: "HOST", cell: ({ host }) => shortName(host) },
      { header: "FIELD", cell: ({ field }) => field },
      { header: "OBSERVED", cell: ({ observed }) => observed },
      { header: "DESIRED", cell: ({ desired }) => desired },
    ],
    rows,
    { style, hasHeaders },
  );
  return [
    rows.length === 0 ? "" : table,
    same.length === 0 ? "" : `as desired: ${same.join(", ")}\n`,
    hosts.length === 0 ? "the selector matches no host\n" : "",
    ...hosts.map(({ findings }) => formatFindings(findings, style)),
  ].join("");
}
