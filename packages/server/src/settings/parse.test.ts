import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { helpText, parseSettings, SettingsError } from './parse.ts';

const fails = (args: string[], message: RegExp, env: Record<string, string> = {}) =>
  assert.throws(
    () => parseSettings(args, env),
    (error) => error instanceof SettingsError && message.test(error.message) && !error.message.includes('\n'),
  );

test('defaults are those of the contract', () => {
  const s = parseSettings([], {});
  assert.deepEqual([s.httpPort, s.rtmpPort, s.rtcPort, s.host], [8080, 1935, 8000, '0.0.0.0']);
  assert.notEqual(s.publicHost, '');
  assert.equal(s.apiKey, null);
});

test('a flag wins over its variable, in both spellings', () => {
  const env = { LIANMAI_HTTP_PORT: '9000', LIANMAI_RTMP_PORT: '9001' };
  assert.equal(parseSettings(['--http-port', '9100'], env).httpPort, 9100);
  assert.equal(parseSettings(['--http-port=9100'], env).httpPort, 9100);
  assert.equal(parseSettings([], env).rtmpPort, 9001);
  assert.equal(parseSettings([], { LIANMAI_DEMO: '1' }).demo, true);
  assert.equal(parseSettings(['--demo'], {}).demo, true);
});

test('a bad setting is one line that names it, what was given and what is allowed', () => {
  fails(['--http-port', '70000'], /^--http-port must be a whole number from 1 to 65535, not "70000"$/);
  fails([], /^LIANMAI_WORKERS must be a whole number/, { LIANMAI_WORKERS: 'many' });
  fails(['--htp-port', '1'], /^--htp-port is not a setting/);
  fails(['--httpport', '1'], /did you mean --http-port/);
  fails(['--http-port'], /needs a value/);
  fails(['--http-port', '1', '--http-port', '2'], /given twice/);
  fails(['--http-port', '1935'], /--http-port and --rtmp-port are both 1935/);
  fails(['--tls-cert', 'x.pem'], /go together/);
  fails(['--tls', 'on'], /must be one of off, self-signed/);
  fails(['--tls=self-signed', '--tls-cert', 'package.json', '--tls-key', 'package.json'], /makes its own certificate/);
  fails(['--tls=self-signed', '--https-port', '8080'], /--http-port and --https-port are both 8080/);
  fails(['--tls-cert', 'x.pem', '--tls-key', 'y.pem'], /"x.pem", which does not exist/);
  fails(['--database-url', 'mysql://x'], /postgres:\/\//);
  fails(['--ice-servers', '{'], /JSON list/);
  fails(['--host', 'http://a/'], /without scheme/);
  fails(['--picture-sources', 'https: ; script-src *'], /must be none, or https:/);
});

test('pictures come from HTTPS addresses, from hosts that are named, or from nowhere else', () => {
  const of = (...args: string[]) => parseSettings(args, {}).pictureSources;
  assert.deepEqual(of(), ['https:']);
  assert.deepEqual(of('--picture-sources', 'none'), []);
  assert.deepEqual(of('--picture-sources', 'https://*.example.org  cdn.example.net:8443'), [
    'https://*.example.org',
    'cdn.example.net:8443',
  ]);
});

test('secrets are not repeated in the complaint', () => {
  fails(['--api-key', 'tooshort'], /not "…"$/);
  fails(['--database-url', 'mysql://u:secret@h/d'], /not "…"$/);
});

test('--help names every setting with its default', () => {
  const help = helpText();
  for (const flag of ['--http-port <port>', '--public-host', '--data-dir', '--demo', '[8080]', 'LIANMAI_HTTP_PORT'])
    assert.ok(help.includes(flag), flag);
});

test('docs/settings.md names every setting, and no other', () => {
  const page = readFileSync(new URL('../../../../docs/settings.md', import.meta.url), 'utf8');
  const named = [...page.matchAll(/^\| `(--[a-z-]+)/gm)].map((m) => m[1]);
  const known = [...helpText().matchAll(/^ {2}(--[a-z-]+)/gm)].map((m) => m[1]);
  assert.deepEqual(named, known);
});
