import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A fenced block of a document. Its info string is a language and then, if it wants one, how far it is checked:
 * ` ```ts ` is type-checked, ` ```ts run ` is also run, ` ```sh run ` is run, ` ```ts fragment ` is neither (a signature,
 * or code of another library). Other languages are not looked at.
 */
export interface Snippet {
  /** Path of the document, from the project's folder. */
  readonly document: string;
  /** Line of the first line of code. */
  readonly line: number;
  readonly language: "ts" | "sh";
  readonly run: boolean;
  /** The code, after what a `<!-- snippet: … -->` comment right before the fence declares for it. */
  readonly code: string;
}

/** The address that documents use and that the local server answers for. */
export const PLACEHOLDER = "https://api.example.com";

const fence = /(?:<!-- snippet: ([^\n]*?) -->\n+)?^(```+)(\w+)(?: (\w+))?[ \t]*\n([\s\S]*?)^\2[ \t]*$/gm;

/** The snippets of a document's text. An unknown word after the language is an error: it would silently check nothing. */
export function snippetsOf(document: string, text: string): Snippet[] {
  const found: Snippet[] = [];
  for (const match of text.matchAll(fence)) {
    const [whole, prelude, ticks = "", name = "", mode, code = ""] = match;
    const language = name === "ts" || name === "js" ? "ts" : name === "sh" ? "sh" : undefined;
    if (language === undefined) continue;
    const line = text.slice(0, match.index + whole.indexOf(ticks)).split("\n").length + 1;
    if (mode !== undefined && mode !== "run" && mode !== "fragment") {
      throw new Error(
        `${document}:${line - 1}: "${name} ${mode}" is neither "${name} run" nor "${name} fragment"`,
      );
    }
    if (mode === "fragment" || (language === "sh" && mode !== "run")) continue;
    found.push({
      document,
      line,
      language,
      run: mode === "run",
      code: prelude ? `${prelude}\n${code}` : code,
    });
  }
  return found;
}

/** Every document with code in it: the READMEs and the guides, without the generated reference. */
export function documents(): string[] {
  const guides = existsSync("docs") ? readdirSync("docs", { recursive: true, encoding: "utf8" }) : [];
  return [
    ...readdirSync(".").filter((name) => name.endsWith(".md")),
    ...guides
      .filter((name) => name.endsWith(".md") && !/^api[/\\]/.test(name))
      .map((name) => join("docs", name)),
  ].sort();
}

/** The snippets of every document. */
export function allSnippets(): Snippet[] {
  return documents().flatMap((document) => snippetsOf(document, readFileSync(document, "utf8")));
}
