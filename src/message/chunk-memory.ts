/** What the promises and views of a chunk take among young objects, about. */
const OWN_GARBAGE_BYTES = 4 * 1024;
/** Garbage is made in pieces of at least this size, since each costs a call, */
const LEAST_GARBAGE_BYTES = 24 * 1024;
/** and of at most this one: the young generation takes no larger objects. */
const MOST_GARBAGE_BYTES = 64 * 1024;
let garbageDue = 0;
let zeros: Buffer | undefined;
/** Chunks of this size are those of a large body. */
const LARGE_CHUNK_BYTES = 64 * 1024;
/** What the allocator learns to keep for them is twice this, about what a collection frees at once. */
const LESSON_BYTES = 8 * 1024 * 1024;
let taught = false;

/**
 * Makes glibc keep what the collections free for the next chunks. At first it gives all but 128 KiB back to the system,
 * and each page that comes again costs more than the octets in it: a third of the CPU of a download. What it keeps is
 * twice the largest block that was freed so far; this one is never touched, so that it takes address space only.
 * Other allocators lose nothing by it.
 */
function teachAllocator(): void {
  taught = true;
  Buffer.allocUnsafeSlow(LESSON_BYTES);
}

/**
 * Memory for a chunk, which is its reader's to keep.
 *
 * V8 frees the memory of short-lived chunks in collections of its young generation, which cost little. But they come
 * only when young objects fill that generation, and a download makes few: after some 30 MB of chunks V8 marks its whole
 * heap instead, again and again, which was half of the CPU of a download. So chunks come with garbage of half their
 * size, which costs its writing and nothing to collect. A quarter was not always enough.
 */
export function freshChunk(bytes: number): Buffer {
  if (!taught && bytes >= LARGE_CHUNK_BYTES) teachAllocator();
  garbageDue += Math.max(0, (bytes >>> 1) - OWN_GARBAGE_BYTES);
  if (garbageDue >= LEAST_GARBAGE_BYTES) {
    zeros ??= Buffer.alloc(MOST_GARBAGE_BYTES);
    zeros.toString("latin1", 0, garbageDue);
    garbageDue = 0;
  }
  return Buffer.allocUnsafeSlow(bytes);
}
