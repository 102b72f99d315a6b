import type { HttpResponse } from "../http/http.ts";

/** Version of DMTF's base registry that an iDRAC9 of 2020 speaks. */
const BASE = "Base.1.8";
const IDRAC = "IDRAC.2.2";

interface Message {
  readonly id: string;
  readonly text: string;
  readonly severity: "OK" | "Warning" | "Critical";
  readonly resolution: string;
}

export const json = (
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse => ({
  status,
  headers: { "Content-Type": "application/json;odata.metadata=minimal", ...headers },
  body: JSON.stringify(body),
});

export const empty = (
  status: number,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse => ({ status, headers });

const extended = ({ id, text, severity, resolution }: Message) => ({
  MessageId: id,
  Message: text,
  MessageArgs: [],
  RelatedProperties: [],
  Severity: severity,
  Resolution: resolution,
});

/** An error in the form of DMTF DSP0266. */
export const refused = (status: number, message: Message): HttpResponse =>
  json(status, {
    error: {
      code: `${BASE}.GeneralError`,
      message: "A general error has occurred. See ExtendedInfo for more information.",
      "@Message.ExtendedInfo": [extended(message)],
    },
  });

export const taken = (headers: Readonly<Record<string, string>>, status: number): HttpResponse =>
  json(
    status,
    {
      "@Message.ExtendedInfo": [
        extended({
          id: `${IDRAC}.SYS413`,
          text: "The operation successfully completed.",
          severity: "OK",
          resolution: "No response action is required.",
        }),
      ],
    },
    headers,
  );

export const accessDenied = (): HttpResponse =>
  refused(401, {
    id: `${BASE}.AccessDenied`,
    text: "The authentication credentials included with this request are missing or invalid.",
    severity: "Critical",
    resolution:
      "Attempt to ensure that the URI is correct and that the service has the appropriate credentials.",
  });

export const sessionLimit = (): HttpResponse =>
  refused(503, {
    id: `${BASE}.SessionLimitExceeded`,
    text: "The session establishment failed due to the number of simultaneous sessions exceeding the limit of the implementation.",
    severity: "Critical",
    resolution: "Reduce the number of other sessions before trying to establish the session.",
  });

export const notFound = (path: string): HttpResponse =>
  refused(404, {
    id: `${BASE}.ResourceMissingAtURI`,
    text: `The resource at the URI ${path} was not found.`,
    severity: "Critical",
    resolution: "Place a valid resource at the URI or correct the URI and resubmit the request.",
  });

export const notReady = (): HttpResponse =>
  refused(503, {
    id: `${BASE}.ServiceTemporarilyUnavailable`,
    text: "The service is temporarily unavailable. Retry in 30 seconds.",
    severity: "Critical",
    resolution: "Wait for the indicated retry duration and retry the operation.",
  });

export const lifecycleBusy = (): HttpResponse =>
  refused(400, {
    id: `${IDRAC}.SYS446`,
    text: "Unable to complete the operation because the Lifecycle Controller is in use.",
    severity: "Warning",
    resolution: "Wait for the Lifecycle Controller to be available and retry the operation.",
  });

export const pendingCommitted = (): HttpResponse =>
  refused(400, {
    id: `${IDRAC}.SYS011`,
    text: "Pending configuration values are already committed, unable to perform another set operation.",
    severity: "Warning",
    resolution:
      "Wait for the scheduled job to complete or delete the configuration jobs before attempting more set attribute operations.",
  });

export const noPending = (): HttpResponse =>
  refused(400, {
    id: `${IDRAC}.SYS434`,
    text: "Unable to create the job because there are no pending configuration changes.",
    severity: "Warning",
    resolution: "Set pending values before a job is created.",
  });

export const unknownProperty = (name: string): HttpResponse =>
  refused(400, {
    id: `${BASE}.PropertyUnknown`,
    text: `The property ${name} is not in the list of valid properties for the resource.`,
    severity: "Warning",
    resolution: "Remove the unknown property from the request body and resubmit the request.",
  });

export const readOnlyProperty = (name: string): HttpResponse =>
  refused(400, {
    id: `${BASE}.PropertyNotWritable`,
    text: `The property ${name} is a read only property and cannot be assigned a value.`,
    severity: "Warning",
    resolution: "Remove the property from the request body and resubmit the request.",
  });

export const valueNotInList = (name: string, value: unknown): HttpResponse =>
  refused(400, {
    id: `${BASE}.PropertyValueNotInList`,
    text: `The value ${JSON.stringify(value)} for the property ${name} is not in the list of acceptable values.`,
    severity: "Warning",
    resolution: "Choose a value from the enumeration list that the implementation can support.",
  });

export const malformed = (): HttpResponse =>
  refused(400, {
    id: `${BASE}.MalformedJSON`,
    text: "The request body submitted was malformed JSON and could not be parsed by the receiving service.",
    severity: "Critical",
    resolution: "Ensure that the request body is valid JSON and resubmit the request.",
  });
