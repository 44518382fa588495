// Small response bodies are copied out of the shared read buffer into a slab: one 64 KiB allocation serves
// hundreds of them, where an allocation each would cost more than parsing the response.
const SLAB_BYTES = 64 * 1024;

let slab: Buffer = Buffer.allocUnsafeSlow(SLAB_BYTES);
let used = 0;

/** Bodies up to this size go to a slab; larger ones would waste what is left of it. */
export const SLAB_ITEM_BYTES: number = 8 * 1024;

/** The slab that {@link slabCopy} will fill next. */
export function currentSlab(): Buffer {
  return slab;
}

/** Copies the range into the slab and returns its offset there; read {@link currentSlab} right after. */
export function slabCopy(source: Buffer, start: number, end: number): number {
  const length = end - start;
  if (used + length > SLAB_BYTES) {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    used = 0;
  }
  const offset = used;
  source.copy(slab, offset, start, end);
  used = offset + length;
  return offset;
}
