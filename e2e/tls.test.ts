import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Lianmai } from './lianmai.ts';
import { decode, push } from './peers/ffmpeg.ts';
import { runProgram } from './peers/program.ts';
import { freePorts } from './ports.ts';
import { until } from './until.ts';

let lianmai: Lianmai;
let dir: string;
let https: number;
let rtmps: number;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lianmai-tls-'));
  const [cert, key] = [join(dir, 'cert.pem'), join(dir, 'key.pem')];
  await runProgram('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'],
    ...['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert],
  ]);
  [https = 0, rtmps = 0] = await freePorts(2);
  lianmai = await Lianmai.start({
    settings: { 'tls-cert': cert, 'tls-key': key, 'https-port': String(https), 'rtmps-port': String(rtmps) },
  });
});
after(async () => {
  await lianmai?.stop();
  await rm(dir, { recursive: true, force: true });
});

describe('with a certificate', () => {
  it('RTMPS takes a push, and HTTPS and RTMPS play it', async () => {
    const channel = await lianmai.rest.createChannel('sealed');
    const pushUrl = `rtmps://127.0.0.1:${rtmps}/live/${channel.push.streamKey}`;
    await using _publisher = push(pushUrl);
    await until('live', async () => (await lianmai.rest.channel(channel.id)).state === 'live');
    for (const url of [
      `https://127.0.0.1:${https}/live/sealed.flv`,
      `rtmps://127.0.0.1:${rtmps}/live/sealed`,
      `https://127.0.0.1:${https}/live/sealed.m3u8`,
      channel.play.flv,
    ]) {
      const { videoFrames, audioFrames } = await decode(url, 2);
      assert.ok(videoFrames >= 40 && audioFrames >= 60, url);
    }
  });

  it('the API gives the sealed addresses too', async () => {
    const channel = await lianmai.rest.ok<{ push: { rtmps: string }; play: { rtmps: string } }>(
      'POST',
      '/v1/channels',
      {
        name: 'both',
        stream: 'both',
      },
    );
    assert.ok(channel.push.rtmps.startsWith(`rtmps://127.0.0.1:${rtmps}/live/both?txSecret=`));
    assert.equal(channel.play.rtmps, `rtmps://127.0.0.1:${rtmps}/live/both`);
  });
});
