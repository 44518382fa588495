import { code } from "./words.js";

/** What is asked of a package: to share its client, to keep connections, to read bodies. */
type About = "share" | "keep" | "read";

const AWS =
  "Make one client of the SDK at module level and share it: `const s3 = new S3Client({ … })` (likewise DynamoDBClient and the others); each has its own agent";
const ELASTIC = "Make one `Client` at module level and share it: `const client = new Client({ node })`";

/** Packages that make agents or take bodies in their own way, the first that fits; a name with its version. */
const KNOWN: readonly (readonly [RegExp, Partial<Record<About, string>>])[] = [
  [
    /^(?:@smithy|@aws-sdk|@aws)\//,
    {
      share: AWS,
      read: `Read each ${code("Body")} to its end (${code("await response.Body.transformToByteArray()")}) or discard it: ${code("response.Body.resume()")}; if you only want the metadata, use ${code("HeadObjectCommand")}`,
    },
  ],
  [
    /^aws-sdk(?:@2|$)/,
    {
      keep: `Version 2 of the SDK keeps connections only if told to: set ${code("AWS_NODEJS_CONNECTION_REUSE_ENABLED=1")} in the environment, or pass ${code("httpOptions: { agent: new https.Agent({ keepAlive: true }) }")}`,
    },
  ],
  [/^@(?:elastic|opensearch-project)\/|^elasticsearch\b|^hpagent\b/, { share: ELASTIC }],
  [
    /^https?-proxy-agent@[0-6]\./,
    {
      keep: `Version 5 of https-proxy-agent never keeps connections; version 7 can: ${code("npm install https-proxy-agent@7")}, then ${code("new HttpsProxyAgent(proxy, { keepAlive: true })")}`,
    },
  ],
  [
    /^(?:https?|socks)-proxy-agent\b|^proxy-agent\b/,
    {
      keep: `Turn it on: ${code("new HttpsProxyAgent(proxy, { keepAlive: true })")}, made once at module level`,
    },
  ],
  [
    /^axios\b/,
    {
      read: `With ${code('responseType: "stream"')} read or discard each body, even of failed responses: ${code("response.data.resume()")}, in a catch ${code("error.response?.data.resume()")}`,
    },
  ],
];

/** What is to be done in the words of a package; nothing where it has none of its own. */
export function packageAdvice(package_: string | undefined, about: About): string | undefined {
  if (package_ === undefined) return undefined;
  return KNOWN.find(([pattern]) => pattern.test(package_))?.[1][about];
}

/** Versions of packages that ask for the end of the connection unless they are given an agent. */
const CLOSES_WITHOUT_AGENT =
  /^(?:node-fetch@(?:1\.|2\.[0-5]\.|2\.6\.(?:\d|1[0-2])$|3\.[0-2]\.|3\.3\.[01]$)|minipass-fetch@)/;
/** Packages that send the headers that they are given, and none of their own about the connection. */
const PASSES_HEADERS_ON = /^(?:axios|got|superagent|needle|ky|undici|node-fetch)@/;

export function closesWithoutAgent(package_: string): boolean {
  return CLOSES_WITHOUT_AGENT.test(package_);
}

export function passesHeadersOn(package_: string): boolean {
  return PASSES_HEADERS_ON.test(package_) && !closesWithoutAgent(package_);
}

/** What a package calls its time limit, where that is not `timeout`. */
const TIME_LIMIT: Readonly<Record<string, string>> = {
  "node-fetch": "signal: AbortSignal.timeout(…)",
  superagent: ".timeout(…)",
  needle: "response_timeout",
};

export function timeLimitOf(package_: string): string {
  const name = withoutVersion(package_);
  return `${code(TIME_LIMIT[name] ?? "timeout")} of ${name}`;
}

function withoutVersion(package_: string): string {
  return package_.replace(/(?<=.)@[^@/]*$/, "");
}

/** A package makes an agent for its own `proxy` option: the user can only hand it another. */
export function proxyAdvice(agentFrom: string | undefined, madeIn: string | undefined): string | undefined {
  if (!/^https?-proxy-agent@/.test(agentFrom ?? "") || !/^axios@/.test(madeIn ?? "")) return undefined;
  return `The agent that axios makes for its ${code("proxy")} option keeps no connections. Give it your own, made once at module level: ${code("npm install https-proxy-agent@7")}, then ${code("axios.create({ proxy: false, httpsAgent: new HttpsProxyAgent(proxyUrl, { keepAlive: true }) })")}`;
}

/** How an agent is given to a package. */
const PASSING: Readonly<Record<string, (secure: boolean) => string>> = {
  axios: (secure) => `as ${code(secure ? "httpsAgent" : "httpAgent")} of axios`,
  got: (secure) => `as ${code(`agent: { ${secure ? "https" : "http"}: agent }`)} of got`,
  superagent: () => `with ${code(".agent(agent)")} of superagent`,
  "http-proxy": () => `as ${code("agent")} of http-proxy`,
  "http-proxy-middleware": () => `as ${code("agent")} of createProxyMiddleware`,
};

export function passing(package_: string | undefined, secure: boolean): string {
  const name = package_ === undefined ? "" : withoutVersion(package_);
  const known = PASSING[name];
  if (known !== undefined) return known(secure);
  return name === "" ? `as ${code("agent")} of each request` : `as ${code("agent")} of ${name}`;
}
