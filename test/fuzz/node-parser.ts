import { createRequire } from "node:module";

/** What one response of a byte stream is, in a form that any parser can be asked for. */
export interface Message {
  /** `status minorVersion`; empty while the head is incomplete. */
  head: string;
  /** Name, value, … of the final head, blanks around values dropped. */
  headers: string[];
  body: string;
  complete: boolean;
  /** Why the bytes were refused. */
  error: string | undefined;
}

/** The part of Node's parser that is used here; it has no types, being internal. */
interface NodeParser {
  [callback: number]: ((...values: never[]) => number | undefined) | null;
  initialize(type: number, resource: object, maxHeaderSize: number, lenientFlags: number): void;
  execute(bytes: Buffer): number | (Error & { code?: string; reason?: string });
  close(): void;
}
interface NodeParserClass {
  new (): NodeParser;
  readonly RESPONSE: number;
  readonly kOnHeaders: number;
  readonly kOnHeadersComplete: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
}

// Asking for Node's own modules by their internal names warns; this program has nothing else to say about it.
process.removeAllListeners("warning");
const { HTTPParser } = createRequire(import.meta.url)("node:_http_common") as { HTTPParser: NodeParserClass };

/** Reads the first response, after any 1xx, with the parser inside Node (llhttp), nothing lenient. */
export function readWithNode(pieces: readonly Buffer[], method: "GET" | "HEAD"): Message {
  const message: Message = { head: "", headers: [], body: "", complete: false, error: undefined };
  let extra: string[] = [];
  let informational = false;
  const parser = new HTTPParser();
  parser.initialize(HTTPParser.RESPONSE, {}, 1 << 20, 0);
  parser[HTTPParser.kOnHeaders] = (headers: string[]) => {
    extra.push(...headers);
    return undefined;
  };
  parser[HTTPParser.kOnHeadersComplete] = (
    _major: number,
    minor: number,
    headers: string[] | undefined,
    _method: number,
    _url: string,
    status: number,
  ) => {
    if (message.complete) return 1;
    informational = status < 200 && status !== 101;
    if (!informational) {
      message.head = `${status} ${minor}`;
      message.headers = (headers ?? extra).map((text) => text.replace(/^[ \t]+|[ \t]+$/g, ""));
    }
    extra = [];
    return status === 101 ? 2 : informational || method === "HEAD" ? 1 : 0;
  };
  parser[HTTPParser.kOnBody] = (bytes: Buffer) => {
    if (!message.complete) message.body += bytes.toString("latin1");
    return undefined;
  };
  parser[HTTPParser.kOnMessageComplete] = () => {
    if (!informational) message.complete = true;
    return undefined;
  };
  for (const piece of pieces) {
    const result = parser.execute(piece);
    // What follows the first response is not its matter.
    if (message.complete) break;
    if (typeof result !== "number") {
      message.error = result.reason ?? result.code ?? result.message;
      break;
    }
  }
  parser.close();
  return message;
}
