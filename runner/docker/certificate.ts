import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { command } from './command.ts';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
  /** A file with this certificate and all that the machine trusts: for SSL_CERT_FILE. */
  readonly bundle: string;
}

const SYSTEM_BUNDLES = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt'];

/** A certificate for these names, good for a month. */
export async function makeCertificate(folder: string, names: readonly string[]): Promise<Certificate> {
  const [key, cert, bundle] = ['key.pem', 'cert.pem', 'bundle.pem'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await command('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30'],
    ...['-keyout', key, '-out', cert, '-subj', '/CN=registry'],
    ...['-addext', `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`],
  ]);
  const system = SYSTEM_BUNDLES.find(existsSync);
  const trusted = system === undefined ? '' : await readFile(system, 'utf8');
  await writeFile(bundle, `${trusted}\n${await readFile(cert, 'utf8')}`);
  return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8'), bundle };
}
