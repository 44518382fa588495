import type { ClientName } from "./evidence.js";
import { code, seconds } from "./words.js";

/** The families of clients that settings are known for. */
type Family = "trunkline" | "undici" | "node" | "go" | "other" | Foreign;
/** Clients of other languages that `observe` meets; a remedy may have no words of its own for them. */
type Foreign = "python" | "curl";

/** Which family a client library belongs to: `fetch` of Node is undici, axios and got use Node's agents. */
export function familyOf(client: ClientName): Family {
  const name = client.toLowerCase();
  if (name.startsWith("trunkline")) return "trunkline";
  if (/undici|fetch$/.test(name) && name !== "node-fetch") return "undici";
  if (/^(node:)?https?\b|agent|axios|got|needle|superagent|node-fetch/.test(name)) return "node";
  if (/^go\b/.test(name)) return "go";
  if (name === "curl") return "curl";
  if (/^python-|^urllib3$|^aiohttp$/.test(name)) return "python";
  return "other";
}

type ByFamily = Readonly<Record<Exclude<Family, Foreign>, string> & Partial<Record<Foreign, string>>>;

/** Share one owner of connections. */
export function shareOne(client: ClientName): string {
  return pick(client, {
    trunkline: `Make one Transport where the module starts and share it, or leave \`transport\` out: ${code("const client = new Client()")}; clients share defaultTransport`,
    undici: `Make one Agent where the module starts and pass it to every call, or none, and the global one is used: ${code("const agent = new Agent(); … fetch(url, { dispatcher: agent })")}`,
    node: `Make one agent where the module starts and pass it to every request: ${code("const agent = new http.Agent({ keepAlive: true })")}`,
    go: `Make one transport and share it: ${code("var client = &http.Client{Transport: sharedTransport}")}`,
    python: `Make one session or client where the program starts and send everything through it: ${code("session = requests.Session()")}; the functions of the module make one for each call`,
    curl: `Give all URLs to one run of curl, which keeps the connection: ${code("curl url1 url2")}, or ${code("curl --config file")}`,
    other: "Make the client or session once, where the program starts, and share it",
  });
}

export function keepAliveOn(client: ClientName): string {
  return pick(client, {
    trunkline: `Leave out the \`Connection: close\` header, and set ${code("new Transport({ keepAlive: true })")}, which is the default`,
    undici: `Leave out the \`Connection: close\` header and ${code("reset: true")}, and set ${code("pipelining: 1")}: with 0, undici keeps no connections`,
    node: `Pass an agent that keeps connections, and leave out \`Connection: close\`: ${code("new http.Agent({ keepAlive: true })")}`,
    go: `Leave out ${code("req.Close = true")} and ${code("DisableKeepAlives: true")}`,
    python: `urllib.request always sends ${code("Connection: close")}; ${code("http.client.HTTPConnection")} and ${code("requests.Session()")} keep connections`,
    curl: `Leave out ${code("--header 'Connection: close'")} and ${code("--http1.0")}`,
    other: "Turn keep-alive on and leave out the `Connection: close` header",
  });
}

export function readBodies(client: ClientName): string {
  return pick(client, {
    trunkline: `Read or close each body: ${code("await using response = await client.get(url)")}, or ${code("await response.close()")}`,
    undici: `Read or drop each body: ${code("await response.body.dump()")} (undici), ${code("await response.body?.cancel()")} or ${code("await response.arrayBuffer()")} (fetch)`,
    node: `Read each response, or drop it: ${code("response.resume()")}`,
    go: `Read to the end, then close: ${code("io.Copy(io.Discard, resp.Body); resp.Body.Close()")}`,
    other: "Read each response to its end, then close it",
  });
}

export function readWhole(client: ClientName): string {
  return pick(client, {
    trunkline: `Read to the end, or ask for the part that is needed: ${code('headers: { range: "bytes=0-65535" }')}; else each costs a connection`,
    undici: `Read to the end, or ask for the part that is needed: ${code('headers: { range: "bytes=0-65535" }')}`,
    node: `Read to the end instead of ${code("response.destroy()")}, or ask for a part: ${code('headers: { range: "bytes=0-65535" }')}`,
    go: `Read to the end before ${code("resp.Body.Close()")}, or ask for a part with a Range header`,
    other: "Read to the end, or ask for the part that is needed with a Range header",
  });
}

export function idleCap(client: ClientName, atOnce: number): string {
  return pick(client, {
    trunkline: code(`new Transport({ maxIdleConnectionsPerOrigin: ${atOnce} })`),
    undici: `undici has no cap on idle connections; limit them all: ${code(`new Agent({ connections: ${atOnce} })`)}`,
    node: code(`new http.Agent({ keepAlive: true, maxFreeSockets: ${atOnce} })`),
    go: code(`&http.Transport{MaxIdleConnsPerHost: ${atOnce}, MaxIdleConns: ${atOnce * 4}}`),
    other: `Let the client keep ${atOnce} idle connections for each host`,
  });
}

export function connectionCap(client: ClientName, atOnce: number): string {
  return pick(client, {
    trunkline: code(`new Transport({ maxConnectionsPerOrigin: ${atOnce} })`),
    undici: code(`new Agent({ connections: ${atOnce} })`),
    node: code(`new http.Agent({ keepAlive: true, maxSockets: ${atOnce} })`),
    go: code(`&http.Transport{MaxConnsPerHost: ${atOnce}}`),
    other: `Limit the client to ${atOnce} connections for each host`,
  });
}

export function idleTimeout(client: ClientName, milliseconds: number): string {
  return pick(client, {
    trunkline: code(`new Transport({ idleTimeout: ${milliseconds} })`),
    undici: code(`new Agent({ keepAliveTimeout: ${milliseconds} })`),
    node: code(`new http.Agent({ keepAlive: true, timeout: ${milliseconds} })`),
    go: code(`&http.Transport{IdleConnTimeout: ${milliseconds} * time.Millisecond}`),
    other: `Let the client keep idle connections for ${seconds(milliseconds)}`,
  });
}

function pick(client: ClientName, texts: ByFamily): string {
  return texts[familyOf(client)] ?? texts.other;
}
