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
        `Cannot make a Client with this baseURL: it has a ${url.search !== "" ? "query" : "fragment"}, which calls would lose; pass it to each call (query), or set relativeURLs: "resolve"`,
      );
    }
    this.#prefix = url.href.replace(/[?#].*$/s, "").replace(/(?<!\/)\/+$/, "");
  }

  /** @throws TypeError for what is no URL. */
  of(given: string): string {
    // As the URL parser does, before it looks for a scheme.
    const url = /[\x00-\x20]/.test(given) ? given.replace(/^[\x00-\x20]+|[\t\n\r]+/g, "") : given;
    if (/^[a-z][a-z0-9+.-]*:/i.test(url)) return url;
    // Two slashes name a host, as everywhere; credentials do not go there.
    if (!this.#joins || /^[/\\]{2}/.test(url)) return parseURL(url, this.#url).href;
    if (url === "" || url.startsWith("?") || url.startsWith("#")) return `${this.#url.href}${url}`;
    return `${this.#prefix}/${/^[/\\]/.test(url) ? url.slice(1) : url}`;
  }
}
