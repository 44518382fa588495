import {
  createHeaders,
  FileSink,
  type Response,
  realName,
  responseBody,
  type SaveProgress,
} from "../message/index.js";
import { HTTPError } from "./http-error.js";
import type { Init } from "./options.js";
import { pairs } from "./request-defaults.js";

const files = (): typeof import("node:fs/promises") => process.getBuiltinModule("node:fs/promises");

/** Options of `client.download`, on top of those of a call. */
export interface DownloadInit extends Init {
  /**
   * Whether to keep a download that breaks off and to continue it in the next download of the same URL to the same path.
   * It needs a validator from the server: a strong `ETag`, or `Last-Modified`. Default false.
   */
  resume?: boolean;
  /** Called as pieces arrive; bytes from an earlier attempt count. An error it throws ends the download. */
  onSaved?: (progress: SaveProgress) => void;
}

/** The result of a download. */
export interface Downloaded {
  /** The length of the file in bytes. */
  readonly bytes: number;
  /** How many of them came from an earlier attempt; 0 for a download from the start. */
  readonly resumed: number;
}

/** What is kept beside a part: whose it is. The URL is kept as a hash, since it may hold what only its owner may know. */
interface Note {
  readonly urlHash: string;
  readonly validator: string;
}

interface Part {
  readonly path: string;
  readonly note: string;
}

type Fetch = (init: Init) => Promise<Response>;

/**
 * Downloads a URL to a file, which has its name only when it is complete.
 *
 * @throws HTTPError for a status that is not a success; what the call, the body or the file system fails with.
 */
export async function download(
  fetch: Fetch,
  from: string | URL,
  path: string | URL,
  { resume = false, onSaved, ...init }: DownloadInit,
): Promise<Downloaded> {
  const url = String(from);
  const name = await realName(path);
  if (!resume) {
    const response = await successful(await fetch(init));
    const { bytes } = await response.saveTo(name, onSaved === undefined ? {} : { onProgress: onSaved });
    return { bytes, resumed: 0 };
  }
  const part: Part = { path: `${name}.part`, note: `${name}.part.json` };
  if (underWay.has(part.path)) {
    throw new TypeError(
      `Cannot download to ${name}: another download with resume writes to the same file; wait for it`,
    );
  }
  underWay.add(part.path);
  try {
    const urlHash = hashOf(url);
    const earlier = await earlierPart(part, urlHash);
    const rest = earlier === undefined ? undefined : await restOf(fetch, init, earlier);
    const response = rest ?? (await allOf(fetch, init, name));
    const resumed = rest?.status === 206 ? (earlier?.bytes ?? 0) : 0;
    return await finish(response, { name, part, urlHash, resumed, onSaved });
  } finally {
    underWay.delete(part.path);
  }
}

/** The parts that downloads of this process write to; two at once would mix their bytes. */
const underWay = new Set<string>();

function hashOf(url: string): string {
  return process.getBuiltinModule("node:crypto").createHash("sha256").update(url).digest("hex");
}

interface Earlier {
  readonly bytes: number;
  readonly validator: string;
}

/** What an earlier attempt has left, if it is of the same URL. */
async function earlierPart(part: Part, urlHash: string): Promise<Earlier | undefined> {
  try {
    const note = JSON.parse(await files().readFile(part.note, "utf8")) as Partial<Note>;
    const { size } = await files().stat(part.path);
    if (note.urlHash !== urlHash || typeof note.validator !== "string" || size === 0) return undefined;
    return { bytes: size, validator: note.validator };
  } catch {
    return undefined; // there is none, or nothing that can be relied on
  }
}

/** Asks for the rest: this, or all of a file that is another by now. Undefined where the download must start again. */
async function restOf(fetch: Fetch, init: Init, earlier: Earlier): Promise<Response | undefined> {
  const fields = { range: `bytes=${earlier.bytes}-`, "if-range": earlier.validator };
  const response = await fetch(withFields(init, fields));
  if (response.status === 206 && goesOn(response, earlier)) return response;
  if (response.status === 200) return response;
  if (response.status !== 206 && response.status !== 416) return successful(response);
  // Another range than was asked for, another file's, or none.
  await response.close();
  return undefined;
}

/** Asks for the whole file. */
async function allOf(fetch: Fetch, init: Init, name: string): Promise<Response> {
  const response = await successful(await fetch(withFields(init, {})));
  if (response.status !== 206) return response;
  await response.close();
  throw new TypeError(
    `Cannot save ${name}: the server sent a part of the file (206), and the whole file was asked for; with resume, send no Range header`,
  );
}

function withFields(init: Init, fields: Readonly<Record<string, string>>): Init {
  const headers = createHeaders([...pairs(init.headers)]);
  headers.set("accept-encoding", "identity");
  for (const [name, value] of Object.entries(fields)) headers.set(name, value);
  return { ...init, headers: [...headers] };
}

/**
 * Whether it is all of the rest, of the same file. A server may answer with a range although `If-Range` does not hold, and
 * a part of a coded body is not a part of the file.
 */
function goesOn(response: Response, { bytes, validator }: Earlier): boolean {
  const range = rangeOf(response);
  if (range === undefined || range.first !== bytes || range.last + 1 !== range.total) return false;
  const own = validatorOf(response);
  return !isCoded(response) && (own === undefined || own === validator);
}

function rangeOf({ headers }: Response): { first: number; last: number; total: number } | undefined {
  const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers.get("content-range") ?? "");
  return range === null
    ? undefined
    : { first: Number(range[1]), last: Number(range[2]), total: Number(range[3]) };
}

function isCoded({ headers }: Response): boolean {
  return /[^\s,]/.test((headers.get("content-encoding") ?? "").replace(/\bidentity\b/gi, ""));
}

async function successful(response: Response): Promise<Response> {
  if (response.ok) return response;
  throw new HTTPError("GET", response, response.url);
}

interface Task {
  readonly name: string;
  readonly part: Part;
  readonly urlHash: string;
  readonly resumed: number;
  readonly onSaved: DownloadInit["onSaved"];
}

async function finish(
  response: Response,
  { name, part, urlHash, resumed, onSaved }: Task,
): Promise<Downloaded> {
  // What is decoded on its way has other bytes than the server counts in ranges.
  const validator = isCoded(response) ? undefined : validatorOf(response);
  const whole = resumed > 0 ? rangeOf(response)?.total : undefined;
  const reader = responseBody(response);
  const total = reader === null || reader.length < 0 ? undefined : resumed + reader.length;
  const onBytes =
    onSaved === undefined
      ? undefined
      : (bytes: number): void =>
          onSaved(total === undefined ? { bytes: resumed + bytes } : { bytes: resumed + bytes, total });
  try {
    // Whose the part is is written when it holds no byte of another's, and not at all where nothing can prove it.
    if (resumed === 0) await files().rm(part.note, { force: true });
    const file = await files().open(part.path, resumed > 0 ? "r+" : "w");
    let bytes = 0;
    try {
      if (resumed === 0 && validator !== undefined)
        await files().writeFile(part.note, JSON.stringify({ urlHash, validator } satisfies Note));
      if (reader !== null) bytes = await FileSink.pour(reader, file.fd, resumed, onBytes);
    } finally {
      await file.close();
    }
    if (whole !== undefined && resumed + bytes !== whole) {
      throw new TypeError(
        `Cannot save ${name}: the server sent ${bytes} bytes for the rest of the file, which has ${whole - resumed}; the part is kept, call download again`,
      );
    }
    await files().rename(part.path, name);
    await files().rm(part.note, { force: true });
    return { bytes: resumed + bytes, resumed };
  } catch (error) {
    await response.close();
    // A part that nothing can prove to be of the same file is useless.
    if (validator === undefined && resumed === 0) await files().rm(part.path, { force: true });
    throw error;
  }
}

/**
 * By which a server knows the very bytes again (RFC 9110 §13.1.5). A weak tag does not, nor does a date less than a second
 * before the response (§8.8.2.2): the file may have changed twice in that second.
 */
function validatorOf({ headers }: Response): string | undefined {
  const tag = headers.get("etag");
  if (tag !== null) return tag.startsWith("W/") ? undefined : tag;
  const modified = headers.get("last-modified");
  const age = Date.parse(headers.get("date") ?? "") - Date.parse(modified ?? "");
  return modified !== null && age >= 1000 ? modified : undefined;
}
