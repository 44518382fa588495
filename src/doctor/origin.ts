/** The origin of a request as `http:` and `https:` agents get it: host, port and protocol apart. */
export function originOf(protocol: string, host: unknown, port: unknown): string {
  const name = typeof host === "string" && host !== "" ? host : "localhost";
  const bracketed = name.includes(":") && !name.startsWith("[") ? `[${name}]` : name;
  try {
    return new URL(`${protocol}//${bracketed}:${port ?? ""}`).origin;
  } catch {
    return `${protocol}//invalid`;
  }
}

/** The origin of an undici request, which may be a string or a URL. */
export function originText(origin: unknown): string {
  if (typeof origin === "string") return URL.canParse(origin) ? new URL(origin).origin : "http://invalid";
  return origin instanceof URL ? origin.origin : "http://unknown";
}

/** The `timeout` of a Keep-Alive field in milliseconds. */
export function announcedTimeout(field: string | undefined): number | undefined {
  const match = /(?:^|[,;\s])timeout\s*=\s*"?(\d{1,7})/i.exec(field ?? "");
  return match?.[1] === undefined ? undefined : Number(match[1]) * 1000;
}
