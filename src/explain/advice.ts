import { seconds } from "../errors/index.js";
import type { ClientFacts, ClientName } from "./facts.js";
import { familyOf, pick } from "./families.js";
import {
  closesWithoutAgent,
  packageAdvice,
  passesHeadersOn,
  passing,
  proxyAdvice,
  timeLimitOf,
} from "./packages.js";
import { code } from "./words.js";

interface AdviceFor {
  /** Whether the origin is https. */
  readonly secure?: boolean;
  /** What owns the connections. */
  readonly owner?: ClientFacts | undefined;
  /** The package that sends the requests. */
  readonly package?: string | undefined;
}

/** Options as code: a name with its value, or none to leave it out. */
type Changes = Readonly<Record<string, string | number | boolean>>;

/**
 * Remedies in the words of the client that the problem was seen in. They keep the program's own class and options:
 * another class would go another way, to another server or without its certificates.
 */
export class Advice {
  readonly #client: ClientName;
  readonly #owner: ClientFacts | undefined;
  readonly #secure: boolean;
  readonly #package: string | undefined;

  constructor(client: ClientName, { owner, secure = false, package: sender }: AdviceFor = {}) {
    this.#client = client;
    this.#owner = owner;
    this.#secure = secure;
    this.#package = sender;
  }

  /** Share one owner of connections. */
  shareOne(): string {
    const inPackage = this.#inPackage("share");
    if (inPackage !== undefined) return inPackage;
    const keeps = familyOf(this.#client) === "node" ? { keepAlive: true } : {};
    const own = this.#rewritten(keeps);
    if (own !== undefined)
      return `Make your ${code(this.#asItIs())} once, at module level, and pass that one to every request: ${code(`const ${this.#variable()} = ${own}`)}`;
    return pick(this.#client, {
      trunkline: `Make one Transport at module level and share it, or omit \`transport\`: ${code("const client = new Client()")}; clients without one share defaultTransport`,
      undici: `Make one Agent at module level and pass it to every call, or pass none to use the global one: ${code("const agent = new Agent(); … fetch(url, { dispatcher: agent })")}`,
      node: `Make one agent at module level and pass it to every request: ${code(this.#plainAgent({ keepAlive: true }))}`,
      go: `Make one transport and share it: ${code("var client = &http.Client{Transport: sharedTransport}")}`,
      requests: `Make one session when the program starts and send everything through it: ${code("session = requests.Session()")}; the module's functions make a new one for each call`,
      aiohttp: `Make one session when the program starts, and share it: ${code("session = aiohttp.ClientSession()")}`,
      httpx: `Make one client when the program starts, and share it: ${code("client = httpx.Client()")} (${code("httpx.AsyncClient()")}); the module's functions make a new one for each call`,
      python: `Make one pool when the program starts and send everything through it: ${code("http = urllib3.PoolManager()")}`,
      java: `Make one ${code("HttpClient")} when the program starts, and share it: ${code("static final HttpClient CLIENT = HttpClient.newHttpClient();")}`,
      okhttp: `Make one ${code("OkHttpClient")} and share it; ${code("client.newBuilder()")} makes variants that share its connections`,
      php: `Make one handle and reuse it: ${code("$curl = curl_init();")} when the script starts, ${code("curl_setopt($curl, CURLOPT_URL, $url)")} for each request, and no ${code("curl_close")} in between; with Guzzle, share one ${code("Client")}`,
      curl: `Pass all URLs to one run of curl, which keeps the connection: ${code("curl url1 url2")}, or ${code("curl --config file")}`,
      other: "Make the client or session once, when the program starts, and share it",
    });
  }

  /** `said`: requests carry the header. */
  keepAliveOn(said = true): string {
    const inPackage = this.#inPackage("keep");
    if (inPackage !== undefined) return inPackage;
    const own = familyOf(this.#client) === "node" ? this.#rewritten({ keepAlive: true }) : undefined;
    if (own !== undefined)
      return `Make one agent at module level that keeps connections: ${code(own)} instead of ${code(this.#asItIs())}`;
    return pick(this.#client, {
      trunkline: `Remove the \`Connection: close\` header and set ${code("new Transport({ keepAlive: true })")}, the default`,
      undici: `Remove the \`Connection: close\` header and ${code("reset: true")}, and set ${code("pipelining: 1")}: with 0, undici keeps no connections`,
      node: `Pass one agent that keeps connections, ${passing(this.#package, this.#secure)}${said ? ", and remove `Connection: close`" : ""}: ${code(`const ${this.#variable()} = ${this.#plainAgent({ keepAlive: true })}`)}`,
      go: `Remove ${code("req.Close = true")} and ${code("DisableKeepAlives: true")}`,
      python: `urllib.request always sends ${code("Connection: close")}; ${code("http.client.HTTPConnection")} and ${code("requests.Session()")} keep connections`,
      php: `PHP's stream wrapper (${code("file_get_contents")}, ${code("fopen")}) sends ${code("Connection: close")}: use curl with one handle for all requests, or Guzzle with one ${code("Client")}`,
      curl: `Remove ${code("--header 'Connection: close'")} and ${code("--http1.0")}`,
      other: "Turn on keep-alive and remove the `Connection: close` header",
    });
  }

  /** The header alone is the cause: the client would keep the connection. */
  withoutCloseHeader(): string {
    const sender = this.#package;
    const remove = `Remove the ${code("Connection: close")} header from the request`;
    // Who is given an agent has no reason to ask for that: it is the program that does.
    if (sender === undefined || this.#owner?.site !== undefined || passesHeadersOn(sender))
      return `${remove}${sender === undefined ? "" : ` (sent through ${sender})`}: the client then keeps the connection`;
    const give = `Pass one agent that keeps connections, made once at module level, ${passing(sender, this.#secure)}: ${code(`const ${this.#variable()} = ${this.#plainAgent({ keepAlive: true })}`)}`;
    return closesWithoutAgent(sender)
      ? `${give}. Without an agent, ${sender} asks for ${code("Connection: close")} by itself`
      : `${give}. ${sender} may ask for ${code("Connection: close")} by itself where it has no agent; if your own code sets that header, remove it`;
  }

  readBodies(): string {
    const inPackage = packageAdvice(this.#owner?.madeIn ?? this.#package, "read");
    if (inPackage !== undefined) return inPackage;
    return pick(this.#client, {
      trunkline: `Read or close each body: ${code("await using response = await client.get(url)")}, or ${code("await response.close()")}`,
      undici:
        this.#client === "fetch"
          ? `Read each body to its end, even of failed responses: ${code("await response.arrayBuffer()")}. ${code("response.body.cancel()")} does not keep the connection if part of the body is still to come`
          : `Read or discard each body, even of failed responses: ${code("await response.body.dump()")}`,
      node: `Read or discard each response, even failed ones: ${code("response.resume()")}`,
      go: `Read to the end, then close: ${code("io.Copy(io.Discard, resp.Body); resp.Body.Close()")}`,
      java: `Read each stream to its end and close it: ${code("stream.readAllBytes(); stream.close();")}`,
      other: "Read each response to its end, then close it",
    });
  }

  readWhole(): string {
    const range = code('headers: { range: "bytes=0-65535" }');
    return pick(this.#client, {
      trunkline: `Read to the end, or request only the part you need: ${range}; otherwise each costs a connection`,
      undici: `Read to the end, or request only the part you need: ${range}`,
      node: `Read to the end instead of ${code("response.destroy()")}, or request only the part you need: ${range}`,
      go: `Read to the end before ${code("resp.Body.Close()")}, or request only the part you need with a Range header`,
      other: "Read to the end, or request only the part you need with a Range header",
    });
  }

  idleCap(atOnce: number): string {
    const own = this.#rewritten(familyOf(this.#client) === "node" ? { maxFreeSockets: atOnce } : undefined);
    if (own !== undefined)
      return `Keep as many idle connections as there are concurrent requests: ${code(own)}`;
    return pick(this.#client, {
      trunkline: code(`new Transport({ maxIdleConnectionsPerOrigin: ${atOnce} })`),
      undici: `undici has no cap on idle connections; limit all connections: ${this.#undiciAgent({ connections: atOnce })}`,
      node: code(this.#plainAgent({ keepAlive: true, maxFreeSockets: atOnce })),
      go: code(`&http.Transport{MaxIdleConnsPerHost: ${atOnce}, MaxIdleConns: ${atOnce * 4}}`),
      other: `Let the client keep ${atOnce} idle connections for each host`,
    });
  }

  /** A limit on connections to one origin. */
  connectionCap(atOnce: number): string {
    const family = familyOf(this.#client);
    const own = this.#rewritten(
      family === "node"
        ? { keepAlive: true, maxSockets: atOnce }
        : family === "undici"
          ? { connections: atOnce }
          : undefined,
    );
    if (own !== undefined) return code(own);
    return pick(this.#client, {
      trunkline: code(`new Transport({ maxConnectionsPerOrigin: ${atOnce} })`),
      undici: this.#undiciAgent({ connections: atOnce }),
      node: `${code(this.#plainAgent({ keepAlive: true, maxSockets: atOnce }))}, passed ${passing(this.#package, this.#secure)}`,
      go: code(`&http.Transport{MaxConnsPerHost: ${atOnce}}`),
      other: `Limit the client to ${atOnce} connections for each host`,
    });
  }

  /** What lets requests share one connection. */
  oneConnection(): string {
    const session = code("const session = http2.connect(origin)");
    if (this.#client === "node:http2")
      return `Make one session for each origin, at module level, and share it: ${session}`;
    return pick(this.#client, {
      trunkline:
        "Use one route to the origin: one Transport, one proxy and one set of TLS options for all its requests",
      undici: `Use one connection for each origin: ${code("new Agent({ allowH2: true, connections: 1 })")}`,
      node: "Use one agent for all requests to the origin",
      go: "Use one http.Client for all requests to the origin",
      other: "Use one client for all requests to the origin",
    });
  }

  /** What makes the client offer HTTP/2. */
  http2On(): string {
    return pick(this.#client, {
      trunkline: `Remove ${code("http2: false")}: ${code("new Transport()")} offers HTTP/2`,
      undici: `Let undici offer HTTP/2: ${code("new Agent({ allowH2: true })")}`,
      node: `${code("node:https")} speaks only HTTP/1.1: use a client that speaks HTTP/2, such as ${code("node:http2")} or Trunkline`,
      go: `Let Go offer HTTP/2: ${code("&http.Transport{ForceAttemptHTTP2: true}")}`,
      other: "Let the client offer HTTP/2 in the TLS handshake",
    });
  }

  /** The name of the setting that limits connections to one origin. */
  connectionCapName(): string {
    return pick(this.#client, {
      trunkline: code("maxConnectionsPerOrigin"),
      undici: code("connections"),
      node: code("maxSockets"),
      go: code("MaxConnsPerHost"),
      other: "the client's limit on connections",
    });
  }

  /** How long the client keeps idle connections, where the server has announced how long it does or not. */
  idleTimeout(milliseconds: number, announced = false): string {
    const family = familyOf(this.#client);
    const name = this.#idleOption(announced);
    const own = this.#rewritten(
      family === "node"
        ? { keepAlive: true, [name]: milliseconds }
        : family === "undici"
          ? { [name]: milliseconds }
          : undefined,
    );
    if (own !== undefined) return code(own);
    return pick(this.#client, {
      trunkline: code(`new Transport({ idleTimeout: ${milliseconds} })`),
      undici: this.#undiciAgent({ [name]: milliseconds }),
      node: code(this.#plainAgent({ keepAlive: true, timeout: milliseconds })),
      go: code(`&http.Transport{IdleConnTimeout: ${milliseconds} * time.Millisecond}`),
      java: code(`-Djdk.httpclient.keepalive.timeout=${Math.max(1, Math.floor(milliseconds / 1000))}`),
      other: `Let the client keep idle connections for ${seconds(milliseconds)}`,
    });
  }

  /** The same without a figure, where none is known. */
  idleTimeoutName(): string {
    return pick(this.#client, {
      trunkline: `${code("idleTimeout")} of the Transport`,
      undici: `${code("keepAliveTimeout")} of the Agent`,
      node: `${code(this.#idleOption())} of ${this.#theAgent()}`,
      go: code("IdleConnTimeout"),
      other: "the client's idle timeout",
    });
  }

  /** What lets requests be sent again that met a dead connection; nothing where the client has no such thing. */
  sendAgain(): string | undefined {
    return familyOf(this.#client) === "trunkline"
      ? `${code("idempotent: true")} on requests that are safe to send twice`
      : undefined;
  }

  /** A longer time limit. */
  timeLimit(codes: readonly string[] = []): string {
    if (familyOf(this.#client) === "trunkline") return `a longer ${code("timeout")}`;
    if (codes.includes("UND_ERR_HEADERS_TIMEOUT")) return `a longer ${code("headersTimeout")} of undici`;
    if (codes.includes("UND_ERR_BODY_TIMEOUT")) return `a longer ${code("bodyTimeout")} of undici`;
    return this.#package === undefined
      ? `a longer time limit (${code("timeout")}, or the signal's)`
      : `a longer ${timeLimitOf(this.#package)}`;
  }

  #idleOption(announced = false): string {
    // What a server announces counts for undici, up to a limit.
    if (familyOf(this.#client) === "undici") return announced ? "keepAliveMaxTimeout" : "keepAliveTimeout";
    return /^agentkeepalive\b/.test(this.#owner?.classFrom ?? "") ? "freeSocketTimeout" : "timeout";
  }

  #theAgent(): string {
    const { site, madeIn } = this.#owner ?? {};
    if (madeIn !== undefined) return `the agent that ${madeIn} makes`;
    return site === undefined ? "the agent" : `the agent made at ${site}`;
  }

  #inPackage(about: "share" | "keep"): string | undefined {
    const owner = this.#owner;
    const known =
      proxyAdvice(owner?.classFrom, owner?.madeIn) ??
      packageAdvice(owner?.classFrom, about) ??
      packageAdvice(owner?.madeIn ?? (about === "keep" ? this.#package : undefined), about);
    if (known !== undefined) return known;
    if (owner?.madeIn === undefined || about === "keep") return undefined;
    return `${owner.madeIn} makes them${owner.site === undefined ? "" : `, called at ${owner.site}`}: make its client once, at module level, and share it, or pass it your own agent if it accepts one`;
  }

  /** The owner's constructor as the program calls it. */
  #asItIs(): string {
    const { constructedAs, type, options } = this.#owner ?? { type: "Agent" };
    const name = constructedAs ?? type;
    return this.#takesOptionsFirst() ? construct(name, options ?? "") : `new ${name}(…)`;
  }

  /** The same with some options changed; absent where the program itself makes none. */
  #rewritten(changes: Changes | undefined): string | undefined {
    const owner = this.#owner;
    if (owner?.site === undefined || changes === undefined) return undefined;
    // What a package makes is not the user's to write.
    const name = owner.constructedAs;
    if (owner.madeIn !== undefined || name === undefined) return undefined;
    if (this.#takesOptionsFirst()) return construct(name, withChanges(owner.options ?? "", changes));
    const text = withChanges("", changes);
    if (text === "") return `new ${name}(…)`;
    return OPTIONS_SECOND.test(name) ? `new ${name}(…, { ${text} })` : undefined;
  }

  /** Whether options are all that the constructor takes, so that it can be written down whole. */
  #takesOptionsFirst(): boolean {
    const { constructedAs = "", classFrom, options } = this.#owner ?? {};
    if (options === undefined) return false;
    if (classFrom !== undefined) return /^agentkeepalive\b/.test(classFrom);
    return /^(?:https?\.Agent|Agent|EnvHttpProxyAgent)$/.test(constructedAs);
  }

  /** Node's own fetch takes an agent of the package undici, and for all requests from there. */
  #undiciAgent(options: Changes): string {
    const agent = construct("Agent", withChanges("", options));
    return this.#client === "fetch"
      ? `${code(`setGlobalDispatcher(${agent})`)} of the package undici@7`
      : code(agent);
  }

  #plainAgent(options: Changes): string {
    return construct(`${this.#secure ? "https" : "http"}.Agent`, withChanges("", options));
  }

  #variable(): string {
    return familyOf(this.#client) === "undici" ? "dispatcher" : "agent";
  }
}

/** Constructors that take an address before their options. */
const OPTIONS_SECOND = /^(?:Pool|BalancedPool|Client|RoundRobinPool|Https?ProxyAgent|SocksProxyAgent)$/;

function construct(name: string, options: string): string {
  return options === "" ? `new ${name}()` : `new ${name}({ ${options} })`;
}

function withChanges(options: string, changes: Changes): string {
  const kept = options
    .split(", ")
    .filter((part) => part !== "" && !Object.hasOwn(changes, part.split(":")[0]?.trim() ?? ""));
  const made = Object.entries(changes).map(([name, value]) => `${name}: ${String(value)}`);
  return [...made, ...kept].join(", ");
}
