import { BlockList, isIP } from "node:net";
import { domainToASCII } from "node:url";

interface DomainRule {
  /** With a leading dot. */
  readonly suffix: string;
  /** Whether the domain itself is meant too, not only what is under it. */
  readonly itself: boolean;
  readonly port: string;
}

/** Whether a host and port go direct by NO_PROXY. */
type NoProxy = (host: string, port: number) => boolean;

/**
 * Reads a NO_PROXY list by the rules of Go's httpproxy: `*`, a CIDR block, an address or a domain, the last two with
 * or without a port. `example.com` means the domain and all under it, `.example.com` and `*.example.com` only what is
 * under it. `localhost`, 127.0.0.0/8 and ::1 go direct in any case. An entry that makes no sense is passed over.
 */
export function readNoProxy(list: string): NoProxy {
  const addresses: { readonly list: BlockList; readonly port: string }[] = [];
  const domains: DomainRule[] = [];
  for (const part of list.split(",")) {
    const entry = part.trim().toLowerCase();
    if (entry === "") continue;
    if (entry === "*") return () => true;
    const block = readBlock(entry);
    if (block !== undefined) {
      addresses.push({ list: block, port: "" });
      continue;
    }
    const { host, port } = splitPort(entry);
    const version = isIP(host);
    if (version !== 0) {
      const one = new BlockList();
      one.addAddress(host, version === 4 ? "ipv4" : "ipv6");
      addresses.push({ list: one, port });
    } else {
      const rule = readDomain(host, port);
      if (rule !== undefined) domains.push(rule);
    }
  }
  return (host, port) => {
    const name = withoutDot(host.toLowerCase());
    const version = isIP(name);
    const wanted = String(port);
    const applies = (rulePort: string): boolean => rulePort === "" || rulePort === wanted;
    if (name === "localhost") return true;
    if (version !== 0) {
      const family = version === 4 ? "ipv4" : "ipv6";
      return (
        loopback().check(name, family) ||
        addresses.some((rule) => applies(rule.port) && rule.list.check(name, family))
      );
    }
    return domains.some(
      (rule) =>
        applies(rule.port) && (name.endsWith(rule.suffix) || (rule.itself && name === rule.suffix.slice(1))),
    );
  };
}

let loopbackList: BlockList | undefined;

function loopback(): BlockList {
  if (loopbackList === undefined) {
    loopbackList = new BlockList();
    loopbackList.addSubnet("127.0.0.0", 8, "ipv4");
    loopbackList.addAddress("::1", "ipv6");
  }
  return loopbackList;
}

function readBlock(entry: string): BlockList | undefined {
  const slash = entry.indexOf("/");
  if (slash < 0) return undefined;
  const address = entry.slice(0, slash);
  const bits = entry.slice(slash + 1);
  const version = isIP(address);
  if (version === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > (version === 4 ? 32 : 128)) return undefined;
  const block = new BlockList();
  block.addSubnet(address, Number(bits), version === 4 ? "ipv4" : "ipv6");
  return block;
}

function splitPort(entry: string): { host: string; port: string } {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(entry);
  if (bracketed !== null) return { host: bracketed[1] ?? "", port: bracketed[2] ?? "" };
  const colon = entry.indexOf(":");
  // More than one colon is an IPv6 address without brackets, and so without a port.
  if (colon < 0 || colon !== entry.lastIndexOf(":")) return { host: entry, port: "" };
  return { host: entry.slice(0, colon), port: entry.slice(colon + 1) };
}

/** A trailing dot makes a name absolute; it is the same name. */
function withoutDot(name: string): string {
  return name.endsWith(".") ? name.slice(0, -1) : name;
}

function readDomain(host: string, port: string): DomainRule | undefined {
  const under = host.startsWith("*.") ? host.slice(1) : host;
  const itself = !under.startsWith(".");
  const name = withoutDot(itself ? under : under.slice(1));
  if (name === "") return undefined;
  return { suffix: `.${domainToASCII(name) || name}`, itself, port };
}
