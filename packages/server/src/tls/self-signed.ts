import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { generate } from 'selfsigned';

const DAY_MS = 86_400_000;
/** The longest that browsers take (CA/Browser Forum 6.3.2 as of 2020: 398 days). */
const VALID_DAYS = 397;
const RENEW_BEFORE_DAYS = 30;

export interface CertificateFiles {
  tlsCert: string;
  tlsKey: string;
}

/**
 * A certificate of this machine's own for `host` and localhost, kept in the data folder: browsers give cameras and
 * WebRTC to pages over HTTPS only, and ask once whether to trust it. Made anew when the host changed or it ends soon.
 */
export async function ensureSelfSigned(dataDir: string, host: string, nowMs: number): Promise<CertificateFiles> {
  const files = { tlsCert: join(dataDir, 'tls-cert.pem'), tlsKey: join(dataDir, 'tls-key.pem') };
  if (isUsable(files, host, nowMs)) return files;
  const hosts = [...new Set([host, 'localhost', '127.0.0.1'])];
  const pem = await generate([{ name: 'commonName', value: 'Lianmai' }], {
    keyType: 'ec',
    notBeforeDate: new Date(nowMs - DAY_MS),
    notAfterDate: new Date(nowMs + VALID_DAYS * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: hosts.map((name) => (isIP(name) ? { type: 7, ip: name } : { type: 2, value: name })),
      },
    ],
  });
  writeFileSync(files.tlsKey, pem.private, { mode: 0o600 });
  writeFileSync(files.tlsCert, pem.cert);
  return files;
}

function isUsable({ tlsCert, tlsKey }: CertificateFiles, host: string, nowMs: number): boolean {
  if (!existsSync(tlsCert) || !existsSync(tlsKey)) return false;
  const certificate = new X509Certificate(readFileSync(tlsCert));
  const forHost = isIP(host) ? certificate.checkIP(host) : certificate.checkHost(host);
  return forHost !== undefined && certificate.validToDate.getTime() - nowMs > RENEW_BEFORE_DAYS * DAY_MS;
}
