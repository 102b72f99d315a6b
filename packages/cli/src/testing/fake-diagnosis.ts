import {
  Check,
  CheckStatus,
  DiagnosisReport,
  HostKind,
  Likelihood,
  SafeFix,
  Soundness,
  SymptomExplanation,
} from "@switchyard/proto";

const symptomOf = (text: string): SymptomExplanation =>
  SymptomExplanation.fromPartial({
    text,
    isKnown: !text.includes("coffee"),
    ...(!text.includes("coffee") && {
      orderTitle: "the network between VMs does not work",
      order: [
        { question: "Is every link up?", checks: ["C10"], soundness: Soundness.TROUBLED },
        { question: "Does the switch pass it?", hint: "look at the switch" },
      ],
      causes: [
        {
          id: "C10",
          cause: "a representor is down",
          fix: "ip link set eth0 up",
          confidence: "high",
          likelihood: Likelihood.CONFIRMED,
          checks: ["C10"],
          evidence: ["C10: eth0 is down"],
        },
      ],
    }),
  });

const result = (id: string, status: CheckStatus, more: object = {}) => ({
  id,
  group: "eswitch",
  title: `${id} holds`,
  status,
  evidence: [`seen by ${id}`],
  ...more,
});

/** The first host has a representor down until its plan was applied; the other one is well. */
function reportOf(name: string, isMended: boolean): DiagnosisReport {
  const isWell = isMended || name !== "hosts/r740-01";
  const c10 = isWell
    ? result("C10", CheckStatus.PASS)
    : result("C10", CheckStatus.FAIL, {
        causes: ["nobody set it up"],
        fix: "ip link set eth0 up",
        safeFix: SafeFix.APPLY_PROFILE,
      });
  return DiagnosisReport.fromPartial({
    subject: name,
    hostKind: HostKind.SIMULATED,
    status: isWell ? CheckStatus.PASS : CheckStatus.FAIL,
    results: [c10, result("E01", CheckStatus.SKIP)],
  });
}

/** @param isMended whether a plan was applied */
export const diagnosisAnswers = (isMended: () => boolean) => ({
  diagnoseHost: ({ name, symptom }: { name: string; symptom: string }) => ({
    ...reportOf(name, isMended()),
    ...(symptom !== "" && { symptom: symptomOf(symptom) }),
  }),
  diagnoseController: () =>
    DiagnosisReport.fromPartial({
      subject: "controller",
      status: CheckStatus.PASS,
      results: [result("CTL-DATABASE", CheckStatus.PASS, { group: "controller" })],
    }),
  listChecks: () => ({
    checks: [Check.fromPartial({ id: "C10", group: "eswitch", title: "links are up" })],
  }),
  explainSymptom: ({ text }: { text: string }) => symptomOf(text),
});
