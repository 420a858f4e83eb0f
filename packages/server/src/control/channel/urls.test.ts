import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { verifyTxSignature } from '../../auth/tx-signature.ts';
import { addressesOf } from '../addresses.ts';
import { playUrls, pushUrls } from './urls.ts';

const settings: Parameters<typeof addressesOf>[0] = {
  publicHost: 'live.test',
  httpPort: 8080,
  httpsPort: 8443,
  rtmpPort: 1935,
  rtmpsPort: 1936,
  tlsCert: null,
};
const EXPIRES = 1_700_000_000_999;

describe('addresses', () => {
  it('leave out default ports and put brackets around IPv6', () => {
    const cases: [Partial<typeof settings>, object][] = [
      [{}, { http: 'http://live.test:8080', ws: 'ws://live.test:8080', rtmp: 'rtmp://live.test', rtmps: null }],
      [
        { httpPort: 80, rtmpPort: 1999 },
        { http: 'http://live.test', ws: 'ws://live.test', rtmp: 'rtmp://live.test:1999', rtmps: null },
      ],
      [{ publicHost: '::1' }, { http: 'http://[::1]:8080', ws: 'ws://[::1]:8080', rtmp: 'rtmp://[::1]', rtmps: null }],
      [
        { tlsCert: '/cert.pem', httpsPort: 443 },
        { http: 'https://live.test', ws: 'wss://live.test', rtmp: 'rtmp://live.test', rtmps: 'rtmps://live.test:1936' },
      ],
    ];
    for (const [change, expected] of cases) assert.deepEqual(addressesOf({ ...settings, ...change }), expected);
  });
});

describe('URLs', () => {
  const to = addressesOf(settings);

  it('carry a signature that fits, and say when it ends', () => {
    const push = pushUrls(to, 'show', 'key', EXPIRES);
    const [base, query = ''] = push.rtmp.split('?');
    assert.equal(base, 'rtmp://live.test/live/show');
    const check = { keys: ['key'], stream: 'show', query };
    assert.equal(verifyTxSignature({ ...check, nowMs: EXPIRES - 1000 }), 'ok');
    assert.equal(verifyTxSignature({ ...check, nowMs: EXPIRES }), 'expired');
    assert.equal(push.whip, `http://live.test:8080/live/show.whip?${query}`);
    assert.equal(`${push.server}/${push.streamKey}`, push.rtmp);
    assert.equal(push.expiresAt, '2023-11-14T22:13:20.000Z');
    assert.ok(!('rtmps' in push));
  });

  it('are plain where no signature is asked for', () => {
    assert.deepEqual(playUrls(to, 'show', null, EXPIRES), {
      rtmp: 'rtmp://live.test/live/show',
      flv: 'http://live.test:8080/live/show.flv',
      wsFlv: 'ws://live.test:8080/live/show.flv',
      hls: 'http://live.test:8080/live/show.m3u8',
      whep: 'http://live.test:8080/live/show.whep',
      watch: 'http://live.test:8080/watch/show',
      expiresAt: null,
    });
    assert.equal(pushUrls(to, 'show', null, EXPIRES).rtmp, 'rtmp://live.test/live/show');
  });

  it('are offered over TLS as well where there is a certificate', () => {
    const secure = addressesOf({ ...settings, tlsCert: '/cert.pem' });
    assert.match(
      pushUrls(secure, 'show', 'key', EXPIRES).rtmps ?? '',
      /^rtmps:\/\/live\.test:1936\/live\/show\?txSecret=/,
    );
    assert.equal(playUrls(secure, 'show', null, EXPIRES).rtmps, 'rtmps://live.test:1936/live/show');
  });
});
