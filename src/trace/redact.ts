/**
 * A path as it may be shown: of the query the names of the parameters only. Values hold tokens and personal
 * data too often to be kept.
 */
export function redactPath(path: string): string {
  const mark = path.indexOf("?");
  if (mark < 0) return path;
  const names = path
    .slice(mark + 1)
    .split("&")
    .map((pair) => {
      const equals = pair.indexOf("=");
      return equals < 0 ? pair : pair.slice(0, equals);
    });
  return `${path.slice(0, mark)}?${names.join("&")}`;
}
