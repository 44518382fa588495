import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Facts, OriginFacts } from "../explain/index.js";

/** A source map beside generated code, and where its sources are relative to. */
interface Mapped {
  readonly map: SourceMap;
  readonly folder: string;
}

/** The facts with each place in generated code replaced by the place in its source, where a source map has it. */
export function atSources(facts: Facts): Facts {
  const maps = new Map<string, Mapped | undefined>();
  const place = (site: string): string => sourceOf(site, maps);
  return {
    ...facts,
    origins: facts.origins.map((one) => ({ ...one, sites: placedSites(one.sites, place) })),
    clients: facts.clients.map((one) => (one.site === undefined ? one : { ...one, site: place(one.site) })),
  };
}

function placedSites(sites: OriginFacts["sites"], place: (site: string) => string): OriginFacts["sites"] {
  const topics = Object.entries(sites).map(([topic, counts]) => {
    const placed: Record<string, number> = {};
    for (const [site, count] of Object.entries(counts)) {
      const at = place(site);
      placed[at] = (placed[at] ?? 0) + count;
    }
    return [topic, placed] as const;
  });
  return Object.fromEntries(topics);
}

function sourceOf(site: string, maps: Map<string, Mapped | undefined>): string {
  const match = /^(.+\.[cm]?jsx?):(\d+):(\d+)$/.exec(site);
  const [, file, line, column] = match ?? [];
  if (file === undefined) return site;
  if (!maps.has(file)) maps.set(file, mapOf(file));
  const mapped = maps.get(file);
  if (mapped === undefined) return site;
  const entry = mapped.map.findEntry(Number(line) - 1, Number(column) - 1);
  if (!("originalSource" in entry) || entry.originalSource === undefined) return site;
  const { originalSource, originalLine, originalColumn } = entry;
  const source = originalSource.startsWith("file://")
    ? fileURLToPath(originalSource)
    : resolve(mapped.folder, originalSource);
  return `${source}:${originalLine + 1}:${originalColumn + 1}`;
}

/** The map that a generated file names in its last lines, inline or beside it. */
function mapOf(file: string): Mapped | undefined {
  try {
    const text = readFileSync(file, "utf8");
    const url = [...text.matchAll(/^\/\/[#@] sourceMappingURL=(\S+)\s*$/gm)].at(-1)?.[1];
    if (url === undefined) return undefined;
    const inline = /^data:application\/json[^,]*?(;base64)?,(.*)$/s.exec(url);
    const mapFile = resolve(dirname(file), decodeURIComponent(inline === null ? url : ""));
    const json =
      inline === null
        ? readFileSync(mapFile, "utf8")
        : inline[1] === undefined
          ? decodeURIComponent(inline[2] ?? "")
          : Buffer.from(inline[2] ?? "", "base64").toString("utf8");
    const payload = JSON.parse(json) as ConstructorParameters<typeof SourceMap>[0] & { sourceRoot?: string };
    const folder = resolve(inline === null ? dirname(mapFile) : dirname(file), payload.sourceRoot ?? "");
    return { map: new SourceMap({ ...payload, sourceRoot: "" }), folder };
  } catch {
    return undefined; // no map, or none that can be read: the generated place is shown
  }
}
