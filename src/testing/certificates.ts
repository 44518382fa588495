import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";
import { isIP, isIPv4 } from "node:net";
import {
  bitString,
  integer,
  objectId,
  octetString,
  sequence,
  set,
  tagged,
  time,
  utf8String,
  yes,
} from "./der.js";

/** What a certificate is for, and when it is valid. */
export interface IssueOptions {
  /** The host names (`*.example.test` too) and IP addresses it is for; the first is also its common name. */
  readonly names: readonly string[];
  /** Days of validity from `notBefore`; default 30. */
  readonly days?: number;
  /** When it becomes valid; default: a day ago. */
  readonly notBefore?: Date;
  /** When it expires, instead of `days`; a time in the past makes an expired certificate. */
  readonly notAfter?: Date;
  /** Whether it is for a TLS client instead of a server; default false. */
  readonly clientAuth?: boolean;
}

/** PEM texts, in the form that `node:tls` takes: `createServer({ key, cert })` and `connect({ ca })`. */
export interface IssuedCertificate {
  /** The private key (PKCS #8). */
  readonly key: string;
  /** The certificate, followed by the intermediate ones. */
  readonly cert: string;
  /** The root certificate for the peer to trust. */
  readonly ca: string;
}

/** A certificate authority that exists only in this process. */
export interface CertificateAuthority {
  /** Its certificate in PEM. */
  readonly cert: string;
  /** Issues a certificate signed by this authority, and its key. */
  issue(options: IssueOptions): IssuedCertificate;
  /** Makes an authority below this one; the certificates it issues come with the chain. */
  intermediate(name?: string): CertificateAuthority;
}

const DAY = 86_400_000;
const ecdsaWithSha256 = sequence(objectId("1.2.840.10045.4.3.2"));

interface Signer {
  readonly name: Buffer;
  readonly key: KeyObject;
  readonly keyId: Buffer;
}

interface Subject extends Signer {
  readonly spki: Buffer;
}

const distinguishedName = (commonName: string): Buffer =>
  sequence(set(sequence(objectId("2.5.4.3"), utf8String(commonName))));

const newSubject = (commonName: string): Subject => {
  const { privateKey: key } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const spki = createPublicKey(key).export({ type: "spki", format: "der" });
  const keyId = createHash("sha256").update(spki).digest().subarray(0, 20);
  return { name: distinguishedName(commonName), key, keyId, spki };
};

const addressBytes = (address: string): Buffer => {
  if (isIPv4(address)) return Buffer.from(address.split(".").map(Number));
  // The URL parser writes every spelling in one way: hexadecimal groups, one "::".
  const [left = "", right] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const groups = (text: string): string[] => (text === "" ? [] : text.split(":"));
  const head = groups(left);
  const tail = right === undefined ? [] : groups(right);
  const all = [...head, ...Array<string>(8 - head.length - tail.length).fill("0"), ...tail];
  return Buffer.from(all.map((group) => group.padStart(4, "0")).join(""), "hex");
};

const generalName = (name: string): Buffer =>
  isIP(name) === 0 ? tagged(2, Buffer.from(name, "latin1"), false) : tagged(7, addressBytes(name), false);

const extension = (id: string, critical: boolean, value: Buffer): Buffer =>
  critical ? sequence(objectId(id), yes, octetString(value)) : sequence(objectId(id), octetString(value));

const authorityExtensions: readonly Buffer[] = [
  extension("2.5.29.19", true, sequence(yes)), // basicConstraints: a CA
  extension("2.5.29.15", true, bitString(Buffer.from([0b0000_0110]), 1)), // keyUsage: keyCertSign, cRLSign
];

const endEntityExtensions = (options: IssueOptions): Buffer[] => [
  extension("2.5.29.19", true, sequence()), // basicConstraints: no CA
  extension("2.5.29.15", true, bitString(Buffer.from([0b1000_0000]), 7)), // keyUsage: digitalSignature
  extension("2.5.29.37", false, sequence(objectId(`1.3.6.1.5.5.7.3.${options.clientAuth === true ? 2 : 1}`))),
  extension("2.5.29.17", false, sequence(...options.names.map(generalName))), // subjectAltName
];

/** A certificate of RFC 5280, signed with ECDSA P-256 and SHA-256, as PEM. */
const certify = (
  subject: Subject,
  signer: Signer,
  notBefore: Date,
  notAfter: Date,
  extensions: readonly Buffer[],
): string => {
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 1;
  const content = sequence(
    tagged(0, integer(Buffer.from([2])), true),
    integer(serial),
    ecdsaWithSha256,
    signer.name,
    sequence(time(notBefore), time(notAfter)),
    subject.name,
    subject.spki,
    tagged(
      3,
      sequence(
        ...extensions,
        extension("2.5.29.14", false, octetString(subject.keyId)),
        extension("2.5.29.35", false, sequence(tagged(0, signer.keyId, false))),
      ),
      true,
    ),
  );
  const der = sequence(content, ecdsaWithSha256, bitString(sign("sha256", content, signer.key)));
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
};

const validity = (options: IssueOptions): [Date, Date] => {
  const { days = 30, notAfter } = options;
  const notBefore =
    options.notBefore ??
    new Date(Math.min(Date.now(), notAfter?.getTime() ?? Number.POSITIVE_INFINITY) - DAY);
  return [notBefore, notAfter ?? new Date(notBefore.getTime() + days * DAY)];
};

const subjectOf = (options: IssueOptions): Subject => {
  const [first] = options.names;
  if (first === undefined)
    throw new TypeError('a certificate needs at least one name: issue({ names: ["localhost"] })');
  return newSubject(first);
};

const pem = (key: KeyObject): string => key.export({ type: "pkcs8", format: "pem" }).toString();

const authorityOf = (subject: Subject, cert: string, chain: string, root: string): CertificateAuthority => ({
  cert,
  issue(options) {
    const own = subjectOf(options);
    return {
      key: pem(own.key),
      cert: certify(own, subject, ...validity(options), endEntityExtensions(options)) + chain,
      ca: root,
    };
  },
  intermediate(name = "Test Intermediate") {
    const own = newSubject(name);
    const below = certify(own, subject, ...validity({ names: [], days: 3650 }), authorityExtensions);
    return authorityOf(own, below, below + chain, root);
  },
});

/**
 * Makes a new certificate authority, with `node:crypto` in a few milliseconds. Nobody trusts it until its `cert` is given
 * as `ca`.
 *
 * ```ts
 * const { key, cert, ca } = createAuthority().issue({ names: ["localhost", "127.0.0.1"] });
 * ```
 */
export const createAuthority = (name = "Test Root"): CertificateAuthority => {
  const subject = newSubject(`${name} ${randomBytes(4).toString("hex")}`);
  const cert = certify(subject, subject, ...validity({ names: [], days: 3650 }), authorityExtensions);
  return authorityOf(subject, cert, "", cert);
};

/** Makes a certificate signed by its own key; its `ca` is the certificate itself. */
export const selfSigned = (options: IssueOptions): IssuedCertificate => {
  const subject = subjectOf(options);
  const cert = certify(subject, subject, ...validity(options), endEntityExtensions(options));
  return { key: pem(subject.key), cert, ca: cert };
};
