/** A time as the API writes it: RFC 3339, UTC, with milliseconds. */
export const rfc3339 = (ms: number): string => new Date(ms).toISOString();
