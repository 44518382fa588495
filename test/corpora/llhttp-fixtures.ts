import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One response of the llhttp suite, with what its event log says of it. */
export interface Fixture {
  /** `file: heading`. */
  name: string;
  method: "GET" | "HEAD";
  bytes: Buffer;
  heads: string[];
  complete: number;
  body: string;
  /** The reason llhttp gives, undefined where it accepts. */
  error: string | undefined;
}

/** The fixtures that apply to a strict response parser; requests become responses with the same header and body. */
export function readFixtures(folder: string): Fixture[] {
  const fixtures: Fixture[] = [];
  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith(".md"))
    .sort()) {
    if (file === "pausing.md" || file === "lenient-version.md") continue;
    const text = readFileSync(join(folder, file), "utf8");
    const section =
      /^#+ (.+)$|<!-- meta=(\{.*?\}) -->\s*```http\n((?:(?!^```)[\s\S])*)\n```(?:(?!^```|<!--)[\s\S])*```log\n((?:(?!^```)[\s\S])*)```/gm;
    let heading = "";
    for (const [, title, meta, input, log] of text.matchAll(section)) {
      if (title !== undefined) heading = title;
      if (meta === undefined || input === undefined || log === undefined) continue;
      const fixture = toFixture(`${file.replace(".md", "")}: ${heading}`, meta, input, log);
      if (fixture !== undefined) fixtures.push(fixture);
    }
  }
  return fixtures;
}

function toFixture(name: string, meta: string, input: string, log: string): Fixture | undefined {
  const { type, skipBody } = JSON.parse(meta) as { type: string; skipBody?: boolean };
  if (!/^(request|response|response-finish)$/.test(type)) return undefined;
  let raw = spellOut(input);
  const fixture: Fixture = {
    name,
    method: skipBody === true ? "HEAD" : "GET",
    bytes: Buffer.alloc(0),
    heads: [],
    complete: 0,
    body: "",
    error: undefined,
  };
  for (const line of log.split("\n")) readEvent(fixture, line);
  if (type === "request") {
    raw = raw.replace(/^[A-Z]+ \S+ HTTP\/1\.1/, "HTTP/1.1 200 OK");
    fixture.heads = fixture.heads.map(() => "200 1");
  }
  fixture.bytes = Buffer.from(raw, "latin1");
  return fixture;
}

function readEvent(fixture: Fixture, line: string): void {
  const head =
    /headers complete (?:status=(\d+)|.*?) ?v=1\/(\d)/.exec(line) ??
    /headers complete.* v=1\/(\d)/.exec(line);
  const body = /span\[body\]=(?:"(.*)"|(cr|lf))$/.exec(line);
  const error = /error code=(\d+) reason="(.*)"$/.exec(line);
  if (head !== null) fixture.heads.push(`${head[1] ?? ""} ${head[2] ?? ""}`);
  else if (body !== null) fixture.body += body[1] ?? (body[2] === "cr" ? "\r" : "\n");
  else if (/ message complete$/.test(line)) fixture.complete++;
  // Codes 21 to 23 are pauses: the connection becomes another protocol's.
  else if (error !== null && !/^2[123]$/.test(error[1] ?? "")) fixture.error = error[2];
}

/** The suite's notation for bytes. */
function spellOut(input: string): string {
  return input
    .replace(/\$\{(.*?)\}/g, (_, code: string) => evaluate(code))
    .replace(/\\\n/g, "")
    .replace(/\r?\n/g, "\r\n")
    .replace(/\\r/g, "\r")
    .replace(/\\n/g, "\n")
    .replace(/\\t/g, "\t")
    .replace(/\\f/g, "\f")
    .replace(/\\x([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/\\([0-7]{1,3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** The only code in the fixtures is `'x'.repeat(n)`. */
function evaluate(code: string): string {
  const repeated = /^\s*['"](.*)['"]\.repeat\((\d+)\)\s*$/.exec(code);
  if (repeated === null) throw new Error(`unknown code in a fixture: ${code}`);
  return (repeated[1] ?? "").repeat(Number(repeated[2]));
}
