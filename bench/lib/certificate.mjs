// A self-signed certificate for 127.0.0.1 and localhost, made afresh for each run: no key is kept in the repository and
// no openssl needs to be installed. Just enough DER (X.690) for an X.509 v3 certificate with an ECDSA P-256 key.
import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const tlv = (tag, ...parts) => {
  const body = Buffer.concat(parts);
  const length =
    body.length < 128
      ? [body.length]
      : body.length < 256
        ? [0x81, body.length]
        : [0x82, body.length >> 8, body.length & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
};
const sequence = (...parts) => tlv(0x30, ...parts);
const oid = (...bytes) => tlv(0x06, Buffer.from(bytes));
const bits = (bytes) => tlv(0x03, Buffer.from([0]), bytes);
const utcTime = (date) => tlv(0x17, Buffer.from(`${date.toISOString().replace(/[-:T]/g, "").slice(2, 14)}Z`));
const day = 24 * 60 * 60 * 1000;

/** Writes certificate.pem and key.pem into a folder and returns their paths. */
export function writeCertificate(folder) {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const ecdsaWithSha256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
  const name = sequence(
    tlv(0x31, sequence(oid(0x55, 0x04, 0x03), tlv(0x0c, Buffer.from("trunkline bench")))),
  );
  const alternativeNames = sequence(
    tlv(0x82, Buffer.from("localhost")),
    tlv(0x87, Buffer.from([127, 0, 0, 1])),
  );
  const extensions = sequence(sequence(oid(0x55, 0x1d, 0x11), tlv(0x04, alternativeNames)));
  const serial = randomBytes(8);
  serial[0] = (serial[0] & 0x7f) | 0x40;
  const body = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, serial),
    ecdsaWithSha256,
    name,
    sequence(utcTime(new Date(Date.now() - day)), utcTime(new Date(Date.now() + 30 * day))),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    tlv(0xa3, extensions),
  );
  const der = sequence(body, ecdsaWithSha256, bits(sign("sha256", body, privateKey)));
  const pem = `-----BEGIN CERTIFICATE-----\n${der.toString("base64").replace(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----\n`;
  const files = { certificate: join(folder, "certificate.pem"), key: join(folder, "key.pem") };
  writeFileSync(files.certificate, pem);
  writeFileSync(files.key, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  return files;
}
