import { quotedURL } from "../errors/index.js";
import { parseURL } from "../message/index.js";

/** What a client's relative URLs become; see `relativeURLs` of the options. */
export class BaseURL {
  readonly #url: URL;
  readonly #joins: boolean;
  /** Origin (with credentials) and path, without a slash at its end. */
  readonly #prefix: string;

  /** @throws TypeError for what is no URL, or has parts that no joined URL would have. */
  constructor(base: string | URL, mode: "join" | "resolve" = "join") {
    const url = parseURL(String(base));
    this.#url = url;
    this.#joins = mode === "join";
    if (this.#joins && (url.search !== "" || url.hash !== "")) {
      throw new TypeError(
        `Cannot make a Client with this baseURL as it has a ${url.search !== "" ? "query" : "fragment"}, which its calls would not have; give it to each call (query), or set relativeURLs: "resolve"`,
      );
    }
    this.#prefix = url.href.replace(/[?#].*$/s, "").replace(/\/+$/, "");
  }

  /** @throws TypeError for what begins with "//": whether it names a host is not clear. */
  of(given: string): string {
    // As the URL parser does, before it looks for a scheme.
    const url = /[\x00-\x20]/.test(given) ? given.replace(/^[\x00-\x20]+|[\t\n\r]+/g, "") : given;
    if (/^[a-z][a-z0-9+.-]*:/i.test(url)) return url;
    if (!this.#joins) return parseURL(url, this.#url).href;
    if (/^[/\\]{2}/.test(url)) {
      throw new TypeError(
        `Cannot join ${quotedURL(url)} to baseURL as it may mean a host or a path; write the scheme, or one slash`,
      );
    }
    if (url === "" || url.startsWith("?") || url.startsWith("#")) return `${this.#url.href}${url}`;
    return `${this.#prefix}/${/^[/\\]/.test(url) ? url.slice(1) : url}`;
  }
}
