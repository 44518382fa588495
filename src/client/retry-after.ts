/** The three forms of a date in a field (RFC 9110 §5.6.7), with UTC by its other names, and the form of ISO 8601. */
const DATES: readonly RegExp[] = [
  /^[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} (?:GMT|UTC|\+0000)$/,
  /^[A-Z][a-z]+day, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
  /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})$/,
];
/** The third one names no zone and means UTC. */
const ASCTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/;

/**
 * What the `Retry-After` fields ask for, in milliseconds; `undefined` where they say nothing that can be understood, so
 * that the client's own pause applies. Fields that a proxy repeated or joined are one; of several the longest counts.
 */
export function retryAfter(fields: readonly string[], now: number): number | undefined {
  let longest: number | undefined;
  for (const field of fields) {
    for (const value of /^[\d., \t]+$/.test(field) ? field.split(",") : [field]) {
      const wait = read(value.trim(), now);
      if (wait === undefined) return undefined;
      longest = Math.max(longest ?? 0, wait);
    }
  }
  return longest;
}

function read(value: string, now: number): number | undefined {
  // RFC 9110 §10.2.3 has no fractions, but what one means is plain.
  if (/^\d+(?:\.\d+)?$/.test(value)) return Number(value) * 1000;
  const isAsctime = ASCTIME.test(value);
  if (!isAsctime && !DATES.some((form) => form.test(value))) return undefined;
  const at = Date.parse(isAsctime ? `${value} GMT` : value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
