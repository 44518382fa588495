import { exchangeEnd } from "./channels.js";
import type { ExchangeFacts, ExchangeOutcome, ExchangeRecord } from "./records.js";
import { bounded, redactPath } from "./redact.js";

const OUTCOMES: readonly ExchangeOutcome[] = ["complete", "failed", "retried", "cancelled", "active"];
const STRIDE = 14;
const FIRST_CAPACITY = 64;
/** Characters that are kept of a path, its query included, and of a method or an error code. */
const PATH_CHARACTERS = 1024;
const NAME_CHARACTERS = 64;

/**
 * The last exchanges as rows of numbers in one typed array: writing a row allocates nothing and gives the
 * garbage collector nothing to move, which is what makes a recorder that is always on affordable. The array
 * starts small and grows, so that a transport that sees three requests does not pay for four thousand.
 */
export class ExchangeRing {
  readonly #limit: number;
  readonly #epoch: number;
  #capacity: number;
  #numbers: Float64Array;
  #texts: (string | undefined)[];
  #count = 0;
  /** Told of each record as it is made; undefined costs nothing but the look at it. */
  listener: ((record: ExchangeRecord) => void) | undefined = undefined;

  constructor(limit: number, epoch: number) {
    this.#limit = limit;
    this.#epoch = epoch;
    this.#capacity = Math.min(limit, FIRST_CAPACITY);
    this.#numbers = new Float64Array(this.#capacity * STRIDE);
    this.#texts = new Array<string | undefined>(this.#capacity * 4).fill(undefined);
  }

  add(facts: ExchangeFacts): void {
    if (this.#limit === 0) {
      this.#count += 1;
      if (this.listener !== undefined || exchangeEnd.hasSubscribers) this.#tell(recordOf(facts, this.#epoch));
      return;
    }
    const slot = this.#store(facts);
    if (this.listener !== undefined || exchangeEnd.hasSubscribers) this.#tell(this.#record(slot));
  }

  /** The record of facts that are written here without any listener hearing of them. */
  recordOf(facts: ExchangeFacts): ExchangeRecord {
    return this.#record(this.#store(facts));
  }

  #store(facts: ExchangeFacts): number {
    if (this.#count === this.#capacity && this.#capacity < this.#limit) this.#grow();
    const slot = this.#count % this.#capacity;
    this.#count += 1;
    const numbers = this.#numbers;
    const base = slot * STRIDE;
    numbers[base] = facts.id;
    numbers[base + 1] = facts.connectionId;
    numbers[base + 2] = facts.status;
    numbers[base + 3] = OUTCOMES.indexOf(facts.outcome);
    numbers[base + 4] = facts.reused ? 1 : 0;
    numbers[base + 5] = facts.attempt;
    numbers[base + 6] = facts.queuedAt;
    numbers[base + 7] = facts.sentAt;
    numbers[base + 8] = facts.headersAt;
    numbers[base + 9] = facts.endedAt;
    numbers[base + 10] = facts.idleFor;
    numbers[base + 11] = facts.bytesRead;
    numbers[base + 12] = facts.bytesWritten;
    numbers[base + 13] = facts.stream;
    const texts = this.#texts;
    const at = slot * 4;
    const { method, path } = facts;
    texts[at] = method.length > NAME_CHARACTERS ? bounded(method, NAME_CHARACTERS) : method;
    texts[at + 1] = path.length > PATH_CHARACTERS ? bounded(path, PATH_CHARACTERS) : path;
    texts[at + 2] = facts.origin;
    texts[at + 3] = facts.errorCode === undefined ? undefined : bounded(facts.errorCode, NAME_CHARACTERS);
    return slot;
  }

  #tell(record: ExchangeRecord): void {
    this.listener?.(record);
    if (exchangeEnd.hasSubscribers) exchangeEnd.publish(record);
  }

  get dropped(): number {
    return Math.max(0, this.#count - this.#capacity);
  }

  /** Oldest first. */
  records(): ExchangeRecord[] {
    const records: ExchangeRecord[] = [];
    for (let n = this.dropped; n < this.#count; n++) records.push(this.#record(n % this.#capacity));
    return records;
  }

  #record(slot: number): ExchangeRecord {
    const number = (column: number): number => this.#numbers[slot * STRIDE + column] as number;
    const text = (column: number): string | undefined => this.#texts[slot * 4 + column];
    const time = (column: number): number => this.#epoch + number(column);
    const error = text(3);
    return {
      id: number(0),
      ...(number(1) > 0 ? { connection: number(1) } : {}),
      origin: text(2) ?? "",
      method: text(0) ?? "",
      path: redactPath(text(1) ?? ""),
      ...(number(2) > 0 ? { status: number(2) } : {}),
      outcome: OUTCOMES[number(3)] as ExchangeOutcome,
      reused: number(4) === 1,
      ...(number(13) > 0 ? { stream: number(13) } : {}),
      attempt: number(5),
      queuedAt: time(6),
      ...(number(7) > 0 ? { sentAt: time(7) } : {}),
      ...(number(8) > 0 ? { headersAt: time(8) } : {}),
      ...(number(9) > 0 ? { endedAt: time(9) } : {}),
      ...(number(4) === 1 ? { idleFor: number(10) } : {}),
      bytesRead: number(11),
      bytesWritten: number(12),
      ...(error !== undefined ? { error } : {}),
    };
  }

  #grow(): void {
    const capacity = Math.min(this.#limit, this.#capacity * 4);
    const numbers = new Float64Array(capacity * STRIDE);
    numbers.set(this.#numbers);
    const texts = new Array<string | undefined>(capacity * 4).fill(undefined);
    for (let i = 0; i < this.#texts.length; i++) texts[i] = this.#texts[i];
    this.#numbers = numbers;
    this.#texts = texts;
    this.#capacity = capacity;
  }
}

/** The record of an exchange that no row is kept of. */
function recordOf(facts: ExchangeFacts, epoch: number): ExchangeRecord {
  const ring = new ExchangeRing(1, epoch);
  return ring.recordOf(facts);
}
