import type { HostId } from "@switchyard/model";
import {
  ALL_DISKS,
  commandSubjects,
  diskSubject,
  heartbeatSubject,
  hostInbox,
  jobStream,
  sessionSubject,
  shardOf,
  stateSubject,
  telemetrySubject,
} from "../subjects.ts";

/** A host that may connect, by the key it enrolled with. */
export interface HostUser {
  readonly host: HostId;
  readonly nkeyPublic: string;
}

/**
 * What a host may publish and hear: its own subjects, its own consumer, requests for other hosts' disks,
 * nothing else.
 */
export interface HostPermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/**
 * Allow-lists only. CONSUMER.INFO is not among them: our pull consumer needs none to recover. The broker
 * does not check reply subjects, so nothing may be believed for the subject it came on alone: envelopes
 * are signed, and agents answer only controllers' inboxes and those that a signed ticket for a disk names.
 *
 * @see nats-server server/client.go, isReservedReply
 */
export function hostPermissions(host: HostId): HostPermissions {
  const stream = jobStream(shardOf(host));
  return {
    publish: [
      `sy.evt.${host}.*`,
      stateSubject(host),
      heartbeatSubject(host),
      telemetrySubject(host),
      ALL_DISKS,
      sessionSubject(host, "*", "out"),
      `$JS.API.CONSUMER.MSG.NEXT.${stream}.${host}`,
      `$JS.ACK.${stream}.${host}.>`,
    ],
    subscribe: [
      `${hostInbox(host)}.>`,
      commandSubjects(host),
      diskSubject(host),
      sessionSubject(host, "*", "in"),
      "sy.flow.>",
    ],
  };
}

/** One answer to each command received, in this time; longer than any command waits. */
const ANSWERS_PER_COMMAND = 1;
const ANSWER_EXPIRES = "30s";

/** Strings as the broker's configuration takes them. Names and nkeys were parsed, so they hold no quotes. */
const quoted = (texts: readonly string[]): string =>
  `[${texts.map((text) => `"${text}"`).join(", ")}]`;

function hostEntry({ host, nkeyPublic }: HostUser): string {
  const { publish, subscribe } = hostPermissions(host);
  return `  { nkey: ${nkeyPublic}, permissions: {
      publish: { allow: ${quoted(publish)} },
      subscribe: { allow: ${quoted(subscribe)} },
      allow_responses: { max: ${ANSWERS_PER_COMMAND}, expires: "${ANSWER_EXPIRES}" } } }`;
}

const controllerEntry = (nkeyPublic: string): string => `  { nkey: ${nkeyPublic} }`;

/** A user that may do nothing; that it can log in tells that the file was loaded. */
const witnessEntry = (nkeyPublic: string): string =>
  `  { nkey: ${nkeyPublic}, permissions: { publish: { deny: [">"] }, subscribe: { deny: [">"] } } }`;

export interface BusUsers {
  /** nkeys of controllers; they may do everything in the account. */
  readonly controllers: readonly string[];
  readonly hosts: readonly HostUser[];
}

/** The file that nats-server.conf includes in its `authorization` block. */
export function renderUsers(users: BusUsers, witness: string): string {
  const entries = [
    ...users.controllers.map(controllerEntry),
    witnessEntry(witness),
    ...users.hosts.map(hostEntry),
  ];
  return `# Written by Switchyard; changes are overwritten.\nusers = [\n${entries.join("\n")}\n]\n`;
}
