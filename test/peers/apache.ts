import { createHash } from "node:crypto";
import { type Peer, portAndPath, type Site } from "./peer.js";

const MODULES = [
  "mpm_event",
  "authn_core",
  "authn_file",
  "authz_core",
  "authz_user",
  "auth_basic",
  "auth_digest",
  "mime",
  "dir",
  "alias",
  "deflate",
  "filter",
  "headers",
  "proxy",
  "proxy_http",
  "ssl",
  "setenvif",
  "socache_shmcb",
] as const;

const config = (site: Site): string => `
ServerRoot ${site.folder}
ServerName 127.0.0.1
PidFile ${site.folder}/apache.pid
Mutex sem
User www-data
Group www-data
${MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join("\n")}
ErrorLog ${site.folder}/error.log
LogFormat "port=%{remote}p path=%U%q" ports
CustomLog ${site.folder}/access.log ports
TypesConfig /etc/mime.types
Listen 127.0.0.1:${site.port}
Listen 127.0.0.1:${site.shortPort}
Listen 127.0.0.1:${site.tlsPort}
StartServers 1
MinSpareThreads 5
ThreadsPerChild 25
MaxRequestWorkers 50
DocumentRoot ${site.root}
KeepAlive On
KeepAliveTimeout 60
MaxKeepAliveRequests 10000
AddOutputFilterByType DEFLATE text/plain
<Directory ${site.root}>
  Require all granted
</Directory>
<Location /secret/>
  AuthType Basic
  AuthName peers
  AuthUserFile ${site.folder}/users
  Require valid-user
</Location>
Alias /digest/ ${site.root}/
<Location /digest/>
  AuthType Digest
  AuthName peers
  AuthDigestDomain /digest/
  AuthUserFile ${site.folder}/digests
  Require valid-user
</Location>
ProxyPass /backend/ http://127.0.0.1:${site.backendPort}/ flushpackets=on
<VirtualHost 127.0.0.1:${site.shortPort}>
  KeepAliveTimeout 1
</VirtualHost>
<VirtualHost 127.0.0.1:${site.tlsPort}>
  SSLEngine on
  SSLCertificateFile ${site.certificates}/server.crt
  SSLCertificateKeyFile ${site.certificates}/server.key
  SSLCACertificateFile ${site.certificates}/ca.crt
  SSLVerifyClient require
</VirtualHost>
`;

const sha1 = (text: string): string => createHash("sha1").update(text).digest("base64");
const md5 = (text: string): string => createHash("md5").update(text).digest("hex");

/** Apache 2.4 says `Keep-Alive: timeout=…` to those who send `Connection: keep-alive`, and drops an upstream's trailers. */
export const apache: Peer = {
  name: "apache",
  abilities: [
    "static",
    "gzip",
    "basic",
    "digest",
    "early-hints",
    "keep-alive-hint",
    "continue",
    "not-modified",
  ],
  files: (site) => ({
    "apache.conf": config(site),
    users: `user:{SHA}${sha1("pass")}\n`,
    digests: `user:peers:${md5("user:peers:pass")}\n`,
  }),
  command: (site) => ["apache2", "-D", "FOREGROUND", "-f", `${site.folder}/apache.conf`],
  reload: "SIGUSR1",
  parseLine: portAndPath,
};
