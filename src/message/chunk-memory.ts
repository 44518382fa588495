/** What the promises and views of a chunk take among young objects, about. */
const OWN_GARBAGE_BYTES = 4 * 1024;
/** Garbage is made in pieces of at least this size, since each costs a call, */
const LEAST_GARBAGE_BYTES = 24 * 1024;
/** and of at most this one: the young generation takes no larger objects. */
const MOST_GARBAGE_BYTES = 64 * 1024;
let garbageDue = 0;
let zeros: Buffer | undefined;

/**
 * Memory for a chunk, which is its reader's to keep.
 *
 * V8 frees the memory of short-lived chunks in collections of its young generation, which cost little. But they come
 * only when young objects fill that generation, and a download makes few: after some 30 MB of chunks V8 marks its whole
 * heap instead, again and again, which was half of the CPU of a download. So chunks come with garbage of half their
 * size, which costs its writing and nothing to collect. A quarter was not always enough.
 */
export function freshChunk(bytes: number): Buffer {
  garbageDue += Math.max(0, (bytes >>> 1) - OWN_GARBAGE_BYTES);
  if (garbageDue >= LEAST_GARBAGE_BYTES) {
    zeros ??= Buffer.alloc(MOST_GARBAGE_BYTES);
    zeros.toString("latin1", 0, garbageDue);
    garbageDue = 0;
  }
  return Buffer.allocUnsafeSlow(bytes);
}
