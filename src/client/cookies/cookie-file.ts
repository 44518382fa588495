import { randomBytes } from "node:crypto";
import { open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { StoredCookie } from "./cookie-store.js";

interface CookieFile {
  readonly version: 1;
  readonly cookies: readonly StoredCookie[];
}

/** The cookies of a file; none when it does not exist. @throws Error that names the file when it is something else. */
export async function readCookieFile(file: string): Promise<readonly StoredCookie[]> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    // Without the parser's own words: they quote the file, and that holds secrets.
    throw notCookies(file, "it is not JSON");
  }
  const { version, cookies } = (content ?? {}) as { version?: unknown; cookies?: unknown };
  if (version !== 1) throw notCookies(file, "its version is not 1");
  if (!Array.isArray(cookies)) throw notCookies(file, "it has no list of cookies");
  const broken = cookies.findIndex((cookie) => !isCookie(cookie));
  if (broken >= 0) throw notCookies(file, `cookie ${broken + 1} is incomplete`);
  return cookies as readonly StoredCookie[];
}

/** Writes beside the file and renames, so that a crash leaves the old file or the new one. */
export async function writeCookieFile(file: string, cookies: readonly StoredCookie[]): Promise<void> {
  const content: CookieFile = { version: 1, cookies };
  const temporary = join(dirname(file), `.${randomBytes(6).toString("hex")}.cookies.tmp`);
  try {
    const handle = await open(temporary, "wx", 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(content, undefined, 2)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function notCookies(file: string, why: string): Error {
  return new Error(
    `Cannot load cookies from ${JSON.stringify(file)}: ${why}; move the file away to start with an empty jar, or restore it`,
  );
}

function isCookie(value: unknown): value is StoredCookie {
  if (typeof value !== "object" || value === null) return false;
  const cookie = value as Record<string, unknown>;
  return (
    ["name", "value", "domain", "path"].every((name) => typeof cookie[name] === "string") &&
    ["secure", "httpOnly", "hostOnly"].every((name) => typeof cookie[name] === "boolean") &&
    typeof cookie["created"] === "number" &&
    (cookie["expires"] === undefined || typeof cookie["expires"] === "number")
  );
}
