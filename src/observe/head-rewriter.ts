/** Changes lines of request heads on their way. A line comes without being cut, its line end included. */
export interface HeadRewriter {
  /** Whether a line that has come so far may have to be changed; it is held back until its end then. */
  mayChange(start: string, isFirst: boolean): boolean;
  /** The line to send on in its place; empty for none. */
  change(line: string, isFirst: boolean): string;
}

/** Writes another value into Host where `rename` gives one. */
export function hostRenamer(rename: (host: string) => string | undefined): HeadRewriter {
  return {
    mayChange: (start, isFirst) => !isFirst && mayBegin(start, "host:"),
    change: (line, isFirst) => {
      const match = isFirst ? null : /^(host:[ \t]*)(.*?)([ \t]*\r?\n)$/i.exec(line);
      const other = match === null ? undefined : rename(match[2] as string);
      return match === null || other === undefined ? line : `${match[1]}${other}${match[3]}`;
    },
  };
}

/** Makes of a request to a proxy the one that a server gets (RFC 9112 §3.2.2): no whole URL, no fields for the proxy. */
export const forwardedHead: HeadRewriter = {
  mayChange: (start, isFirst) =>
    isFirst || mayBegin(start, "proxy-connection:") || mayBegin(start, "proxy-authorization:"),
  change: (line, isFirst) => {
    if (isFirst) {
      const match = /^(\S+) http:\/\/[^/?# ]*(\S*)( HTTP\/1\.\d\r?\n)$/i.exec(line);
      if (match === null) return line;
      const path = match[2] as string;
      return `${match[1]} ${path.startsWith("/") ? path : `/${path}`}${match[3]}`;
    }
    return /^proxy-(?:connection|authorization):/i.test(line) ? "" : line;
  },
};

/** Whether a line whose start has come is, or may become, the field. */
function mayBegin(start: string, field: string): boolean {
  const length = Math.min(start.length, field.length);
  return start.slice(0, length).toLowerCase() === field.slice(0, length);
}
