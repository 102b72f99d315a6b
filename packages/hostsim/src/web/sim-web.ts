/** What a web server does to requests for one file instead of just answering. */
export type WebFault =
  /** Closes the connection after this many bytes of the answer. */
  | { readonly kind: "truncate"; readonly afterBytes: number }
  | { readonly kind: "status"; readonly status: number }
  /** Answers every request with the whole file. */
  | { readonly kind: "no-ranges" }
  /** Sends other bytes of the same number. */
  | { readonly kind: "corrupt" };

export type WebAnswer =
  | { readonly kind: "no-host" }
  | { readonly kind: "status"; readonly status: number }
  | {
      readonly kind: "body";
      readonly text: string;
      readonly acceptsRanges: boolean;
      /** Bytes of the answer after which the connection is closed. */
      readonly endsAfterBytes: number;
    };

/** Web servers that hosts download from. A host name that serves no file does not resolve. */
export interface SimWeb {
  publish(url: string, text: string): void;
  /** The next `times` requests (default 1) for the file meet the fault. */
  disturb(url: string, fault: WebFault, times?: number): void;
  request(url: string): WebAnswer;
}

/** Files served at most. */
const FILES_MAX = 1000;

const flipped = (text: string): string => (text.startsWith("#") ? "%" : "#") + text.slice(1);

function answerOf(text: string, fault: WebFault | undefined): WebAnswer {
  const whole = {
    kind: "body",
    text,
    acceptsRanges: true,
    endsAfterBytes: Number.POSITIVE_INFINITY,
  } as const;
  switch (fault?.kind) {
    case undefined:
      return whole;
    case "truncate":
      return { ...whole, endsAfterBytes: fault.afterBytes };
    case "status":
      return fault;
    case "no-ranges":
      return { ...whole, acceptsRanges: false };
    case "corrupt":
      return { ...whole, text: flipped(text) };
  }
}

export function createSimWeb(files: Readonly<Record<string, string>> = {}): SimWeb {
  const served = new Map(Object.entries(files));
  const faults = new Map<string, { fault: WebFault; left: number }>();
  const take = (url: string): WebFault | undefined => {
    const found = faults.get(url);
    if (found === undefined) return undefined;
    found.left -= 1;
    if (found.left <= 0) faults.delete(url);
    return found.fault;
  };
  return {
    publish: (url, text) => {
      if (served.size >= FILES_MAX) throw new RangeError(`more than ${FILES_MAX} files`);
      served.set(url, text);
    },
    disturb: (url, fault, times = 1) => void faults.set(url, { fault, left: times }),
    request: (url) => {
      const { host } = new URL(url);
      if (![...served.keys()].some((each) => new URL(each).host === host)) {
        return { kind: "no-host" };
      }
      const text = served.get(url);
      return text === undefined ? { kind: "status", status: 404 } : answerOf(text, take(url));
    },
  };
}
