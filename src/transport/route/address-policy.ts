import { BlockList, isIP } from "node:net";
import { NetworkError, type Phase } from "../../errors/index.js";

/**
 * Decides whether an IP address may be connected to; `host` is the name it was resolved from, or the address itself. The
 * function returns `true` to allow it, at once: a promise is refused.
 */
export type AllowAddress = "public" | ((address: string, host: string) => boolean);

// What is not globally reachable by IANA's special-purpose registry (RFC 6890), and multicast.
const notPublicIPv4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8], // "this network"; 0.0.0.0 reaches this machine on Linux
  ["10.0.0.0", 8],
  ["100.64.0.0", 10], // carrier-grade NAT; a cloud's metadata service lives here too
  ["127.0.0.0", 8],
  ["168.63.129.16", 32], // publicly numbered, but inside Azure it is the platform's own service
  ["169.254.0.0", 16], // link-local, with most clouds' metadata service at 169.254.169.254
  ["172.16.0.0", 12],
  ["192.0.0.0", 24], // protocol assignments
  ["192.0.2.0", 24], // documentation
  ["192.88.99.0", 24], // the former 6to4 relays
  ["192.168.0.0", 16],
  ["198.18.0.0", 15], // benchmarks
  ["198.51.100.0", 24], // documentation
  ["203.0.113.0", 24], // documentation
  ["224.0.0.0", 4], // multicast
  ["240.0.0.0", 4], // reserved, and broadcast
];

// Inside 2000::/3; everything outside it is refused as a whole.
const notPublicIPv6: readonly (readonly [string, number])[] = [
  ["2001::", 23], // protocol assignments; Teredo, which is inside, is judged by what it wraps
  ["2001:db8::", 32], // documentation
  ["3fff::", 20], // documentation
];

function blockList(subnets: readonly (readonly [string, number])[], family: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of subnets) list.addSubnet(address, prefix, family);
  return list;
}

let blockedIPv4: BlockList | undefined;
let blockedIPv6: BlockList | undefined;

function isPublicIPv4(address: string): boolean {
  blockedIPv4 ??= blockList(notPublicIPv4, "ipv4");
  return !blockedIPv4.check(address, "ipv4");
}

/** The eight 16-bit groups of a valid IPv6 address without a zone. */
function groupsOf(address: string): number[] {
  const [head = "", tail] = address.split("::");
  const read = (part: string): number[] =>
    part === ""
      ? []
      : part.split(":").flatMap((group) => {
          if (!group.includes(".")) return [Number.parseInt(group, 16)];
          const [a = 0, b = 0, c = 0, d = 0] = group.split(".").map(Number);
          return [a * 256 + b, c * 256 + d];
        });
  const left = read(head);
  if (tail === undefined) return left;
  const right = read(tail);
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
}

function isPublicIPv6(address: string): boolean {
  const groups = groupsOf(address);
  const at = (index: number): number => groups[index] ?? 0;
  const zero = (from: number, to: number): boolean => groups.slice(from, to).every((group) => group === 0);
  const wrapped = (index: number, mask = 0): boolean => {
    const high = at(index) ^ mask;
    const low = at(index + 1) ^ mask;
    return isPublicIPv4(`${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`);
  };
  if (zero(0, 5) && at(5) === 0xffff) return wrapped(6); // IPv4-mapped (RFC 4291)
  if (at(0) === 0x64 && at(1) === 0xff9b && zero(2, 6)) return wrapped(6); // NAT64 (RFC 6052)
  if ((at(0) & 0xe000) !== 0x2000) return false; // not global unicast
  if (at(0) === 0x2002) return wrapped(1); // 6to4 (RFC 3056)
  if (at(0) === 0x2001 && at(1) === 0) return wrapped(2) && wrapped(6, 0xffff); // Teredo (RFC 4380): server, and client inverted
  if ((at(4) & 0xfdff) === 0 && at(5) === 0x5efe && !wrapped(6)) return false; // ISATAP (RFC 5214)
  blockedIPv6 ??= blockList(notPublicIPv6, "ipv6");
  return !blockedIPv6.check(address, "ipv6");
}

/**
 * Whether an IP address is reachable on the public Internet. False for loopback, private, link-local,
 * carrier-grade NAT, cloud metadata, documentation, benchmark, multicast and reserved addresses, for IPv6 forms
 * that wrap such an IPv4 address, for addresses with a zone, and for what is not an IP address.
 */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return isPublicIPv4(address);
    case 6:
      return !address.includes("%") && isPublicIPv6(address);
    default:
      return false;
  }
}

/** The option `allowAddress` as a function. It throws what the option throws, and a TypeError for what only looks like yes. */
export type AddressPolicy = (address: string, host: string) => boolean;

/** The policy that the option asks for; without the option there is none, and every address is allowed. */
export function addressPolicy(allow: AllowAddress | undefined): AddressPolicy | undefined {
  if (allow === undefined) return undefined;
  if (allow === "public") return isPublicAddress;
  return (address, host) => {
    const answer: unknown = allow(address, host);
    if (answer === true) return true;
    if (!answer) return false;
    if (typeof (answer as PromiseLike<unknown>).then !== "function") {
      throw new TypeError("it must return true or false");
    }
    // Nobody waits for it; a rejection must not end the process.
    (answer as PromiseLike<unknown>).then(undefined, () => {});
    throw new TypeError("it must return synchronously, but returned a promise");
  };
}

/** Whether the policy allows the address. One that fails allows nothing; `failed` is called with its error. */
export function permits(
  policy: AddressPolicy,
  address: string,
  host: string,
  failed?: (error: unknown) => void,
): boolean {
  try {
    return policy(address, host);
  } catch (error) {
    failed?.(error);
    return false;
  }
}

/** The policy allows none of the addresses that there are. `what`: the host or address, in words. */
export function addressRefused(what: string, cause: unknown, phase: Phase, url?: string): NetworkError {
  const message =
    cause === undefined
      ? `allowAddress refuses ${what}: allow the address there, or avoid this host`
      : `allowAddress failed for ${what}: ${cause instanceof Error ? cause.message : String(cause)}`;
  return new NetworkError(message, { code: NOT_ALLOWED, phase, url, cause });
}

/** With a policy, a name that the proxy would resolve: what it resolves to, nobody here can judge. */
export function addressUnknown(host: string, proxy: string, url?: string): NetworkError {
  return new NetworkError(
    `allowAddress cannot check ${host}, because the proxy ${proxy} would resolve the name: connect directly (proxy: false), or use a socks5 proxy, for which Trunkline resolves names itself`,
    { code: NOT_ALLOWED, phase: "proxy", url },
  );
}

const NOT_ALLOWED = "ERR_TRUNKLINE_ADDRESS_NOT_ALLOWED";
