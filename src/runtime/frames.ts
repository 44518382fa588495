/**
 * The `depth` frames of the stack below `above`, without the cost of making text of them. Empty where intrinsics are
 * frozen.
 */
export function frames(above: CallableFunction, depth: number): readonly NodeJS.CallSite[] {
  const had = Object.hasOwn(Error, "prepareStackTrace");
  const { prepareStackTrace, stackTraceLimit } = Error;
  const holder: { stack?: unknown } = {};
  try {
    // A program may have a formatter of its own, which must neither run nor be seen to be gone.
    Error.prepareStackTrace = (_error, sites) => sites;
    Error.stackTraceLimit = depth;
    Error.captureStackTrace(holder, above as (...args: unknown[]) => unknown);
    return Array.isArray(holder.stack) ? (holder.stack as NodeJS.CallSite[]) : [];
  } catch {
    return []; // frozen intrinsics: there are no call sites then
  } finally {
    try {
      Error.stackTraceLimit = stackTraceLimit;
      if (had) Error.prepareStackTrace = prepareStackTrace;
      else Reflect.deleteProperty(Error, "prepareStackTrace");
    } catch {
      // as above
    }
  }
}
