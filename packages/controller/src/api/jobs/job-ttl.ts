/** A job that its host has not accepted after so long expires: whoever asked has given up waiting. */
export const JOB_TTL_MS = 5 * 60_000;
