import type { ClientName } from "./facts.js";

/** The families of clients that settings are known for. */
type Family = "trunkline" | "undici" | "node" | "go" | "other" | Foreign;
/** Clients of other languages that `observe` meets; a remedy may have no words of its own for them. */
type Foreign = "python" | "requests" | "aiohttp" | "httpx" | "curl" | "java" | "okhttp" | "php";

/** Which family a client library belongs to: `fetch` of Node is undici, axios and got use Node's agents. */
export function familyOf(client: ClientName): Family {
  const name = client.toLowerCase();
  if (name.startsWith("trunkline")) return "trunkline";
  if (/undici|fetch$/.test(name) && name !== "node-fetch") return "undici";
  if (/^(node:)?https?\b|agent|axios|got|needle|superagent|node-fetch/.test(name)) return "node";
  if (/^go\b/.test(name)) return "go";
  if (name === "curl") return "curl";
  if (name === "python-requests") return "requests";
  if (name === "aiohttp") return "aiohttp";
  if (name === "python-httpx") return "httpx";
  if (/^python-|^urllib3$/.test(name)) return "python";
  if (name === "okhttp") return "okhttp";
  if (/^java|^apache-httpclient$/.test(name)) return "java";
  if (/^php|^guzzle/.test(name)) return "php";
  return "other";
}

type ByFamily = Readonly<Record<Exclude<Family, Foreign>, string> & Partial<Record<Foreign, string>>>;

export function pick(client: ClientName, texts: ByFamily): string {
  return texts[familyOf(client)] ?? texts.other;
}
