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

/** What is kept beside a part: whose it is. */
interface Note {
  readonly url: string;
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
 * @throws HTTPError for a status that is no success; what the call, the body or the file system fails with.
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
  const earlier = await earlierPart(part, url);
  const response = await requested(fetch, init, earlier);
  const resumed = response.status === 206 ? (earlier?.bytes ?? 0) : 0;
  return finish(response, { name, part, url, resumed, onSaved });
}

interface Earlier {
  readonly bytes: number;
  readonly validator: string;
}

/** What an earlier attempt has left, if it is of the same URL. */
async function earlierPart(part: Part, url: string): Promise<Earlier | undefined> {
  try {
    const note = JSON.parse(await files().readFile(part.note, "utf8")) as Partial<Note>;
    const { size } = await files().stat(part.path);
    if (note.url !== url || typeof note.validator !== "string" || size === 0) return undefined;
    return { bytes: size, validator: note.validator };
  } catch {
    return undefined; // there is none, or nothing that can be relied on
  }
}

/** Asks for the rest where there is a part; for all of it where the server has another file by now. */
async function requested(fetch: Fetch, init: Init, earlier: Earlier | undefined): Promise<Response> {
  // A part of a coded body cannot be gone on from.
  const plain: Init = { ...init, decompress: false };
  if (earlier === undefined) return successful(await fetch(withFields(plain, {})));
  const fields = { range: `bytes=${earlier.bytes}-`, "if-range": earlier.validator };
  const response = await fetch(withFields(plain, fields));
  if (response.status === 206 && goesOnAt(response) === earlier.bytes) return response;
  if (response.status === 200) return response;
  if (response.status !== 206 && response.status !== 416) return successful(response);
  // Another range than was asked for, or none: it is begun again.
  await response.close();
  return successful(await fetch(withFields(plain, {})));
}

function withFields(init: Init, fields: Readonly<Record<string, string>>): Init {
  const headers = createHeaders([...pairs(init.headers)]);
  headers.set("accept-encoding", "identity");
  for (const [name, value] of Object.entries(fields)) headers.set(name, value);
  return { ...init, headers: [...headers] };
}

/** Where the part that came begins; `undefined` when it is not all of the rest. */
function goesOnAt(response: Response): number | undefined {
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(response.headers.get("content-range") ?? "");
  if (range === null) return undefined;
  const [first, last, total] = [Number(range[1]), Number(range[2]), range[3]];
  return first <= last && (total === "*" || last + 1 === Number(total)) ? first : undefined;
}

async function successful(response: Response): Promise<Response> {
  if (response.ok) return response;
  throw new HTTPError("GET", response, response.url);
}

interface Task {
  readonly name: string;
  readonly part: Part;
  readonly url: string;
  readonly resumed: number;
  readonly onSaved: DownloadInit["onSaved"];
}

async function finish(response: Response, { name, part, url, resumed, onSaved }: Task): Promise<Downloaded> {
  const validator = validatorOf(response);
  const reader = responseBody(response);
  const total = reader === null || reader.length < 0 ? undefined : resumed + reader.length;
  const onBytes =
    onSaved === undefined
      ? undefined
      : (bytes: number): void =>
          onSaved(total === undefined ? { bytes: resumed + bytes } : { bytes: resumed + bytes, total });
  try {
    if (validator === undefined) await files().rm(part.note, { force: true });
    else await files().writeFile(part.note, JSON.stringify({ url, validator } satisfies Note));
    const file = await files().open(part.path, resumed > 0 ? "r+" : "w");
    let bytes = 0;
    try {
      if (reader !== null) bytes = await FileSink.pour(reader, file.fd, resumed, onBytes);
    } finally {
      await file.close();
    }
    await files().rename(part.path, name);
    await files().rm(part.note, { force: true });
    return { bytes: resumed + bytes, resumed };
  } catch (error) {
    await response.close();
    // A part that nothing can tell to be of the same file is of no use.
    if (validator === undefined) await files().rm(part.path, { force: true });
    throw error;
  }
}

/** By which a server knows the very bytes again (RFC 9110 §13.1.5): a weak tag is none. */
function validatorOf({ headers }: Response): string | undefined {
  const tag = headers.get("etag");
  if (tag !== null) return tag.startsWith("W/") ? undefined : tag;
  return headers.get("last-modified") ?? undefined;
}
