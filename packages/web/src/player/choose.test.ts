import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Capabilities } from './capabilities.ts';
import { choose, judge, judgeAll, parseWish } from './choose.ts';
import type { EngineId, StreamCodecs } from './player.ts';

const NONE: ReadonlySet<EngineId> = new Set();
const USUAL: StreamCodecs = { video: 'h264', audio: 'aac' };

/** A browser that decodes what the pattern matches. */
function browser(decodes: RegExp, changes: Partial<Capabilities> = {}): Capabilities {
  return {
    mediaSource: 'full',
    streamingFetch: true,
    webSocket: true,
    webRtc: true,
    nativeHls: false,
    decodes: (mime) => decodes.test(mime),
    decodesNatively: (mime) => decodes.test(mime),
    decodesByRtc: (mime) => /h264|vp8/.test(mime),
    ...changes,
  };
}
const CHROMIUM = browser(/avc1|mp4a\.40\.2|audio\/mpeg|opus|av01|vp09/);
const SAFARI = browser(/avc1|hvc1|mp4a|mp3|Opus/, { nativeHls: true });
const IPHONE: Capabilities = { ...SAFARI, mediaSource: 'managed' };
const OLD_IPHONE: Capabilities = { ...SAFARI, mediaSource: 'none', decodes: () => false };

describe('the engine is chosen by what the browser can do', () => {
  test('FLV, the lowest delay, where there is a media source', () => {
    assert.equal(choose(CHROMIUM, USUAL, 'auto', NONE).engine, 'flv');
    assert.equal(choose(SAFARI, USUAL, 'auto', NONE).engine, 'flv');
  });

  test('the own player of iPhones, with or without a managed media source', () => {
    assert.equal(choose(IPHONE, USUAL, 'auto', NONE).engine, 'native');
    assert.equal(choose(OLD_IPHONE, USUAL, 'auto', NONE).engine, 'native');
  });

  test('FLV over WebSocket where a response cannot be read while it comes', () => {
    assert.equal(choose({ ...CHROMIUM, streamingFetch: false }, USUAL, 'auto', NONE).engine, 'ws-flv');
  });

  test('WebRTC for what was made for it', () => {
    assert.equal(choose(CHROMIUM, { video: 'h264', audio: 'opus' }, 'auto', NONE).engine, 'whep');
    assert.equal(choose(CHROMIUM, { video: 'vp8', audio: 'opus' }, 'auto', NONE).engine, 'whep');
    assert.equal(choose({ ...CHROMIUM, webRtc: false }, { video: 'h264', audio: 'opus' }, 'auto', NONE).engine, 'flv');
    assert.equal(choose(IPHONE, { video: 'h264', audio: 'opus' }, 'auto', NONE).engine, 'native');
  });

  test('HLS where FLV has no name for the codec', () => {
    assert.equal(choose(CHROMIUM, { video: 'vp9', audio: 'opus' }, 'auto', NONE).engine, 'hls');
  });

  test('before the codecs are known, as if all could be decoded', () => {
    assert.equal(choose(CHROMIUM, null, 'auto', NONE).engine, 'flv');
  });

  test('sound only and picture only are no obstacle', () => {
    assert.equal(choose(CHROMIUM, { video: null, audio: 'mp3' }, 'auto', NONE).engine, 'flv');
    assert.equal(choose(CHROMIUM, { video: 'av1', audio: null }, 'auto', NONE).engine, 'flv');
  });

  test('the player of the browser, where only that decodes the codec', () => {
    const half = browser(/avc1|mp4a/, { nativeHls: true, decodesNatively: (mime) => /hvc1|mp4a/.test(mime) });
    assert.equal(choose(half, { video: 'h265', audio: 'aac' }, 'auto', NONE).engine, 'native');
  });
});

describe("the viewer's wish", () => {
  test('is followed when it can work, even after it failed', () => {
    assert.equal(choose(CHROMIUM, USUAL, 'hls', NONE).engine, 'hls');
    assert.equal(choose(CHROMIUM, USUAL, 'hls', new Set<EngineId>(['hls'])).engine, 'hls');
  });

  test('is passed over when it cannot', () => {
    assert.equal(choose(CHROMIUM, USUAL, 'native', NONE).engine, 'flv');
  });

  test('comes from the address, and anything unknown is automatic', () => {
    assert.equal(parseWish('ws-flv'), 'ws-flv');
    assert.equal(parseWish('flash'), 'auto');
    assert.equal(parseWish(null), 'auto');
  });
});

describe('engines that failed', () => {
  test('give way to the next', () => {
    assert.equal(choose(CHROMIUM, USUAL, 'auto', new Set<EngineId>(['flv'])).engine, 'ws-flv');
    assert.equal(choose(CHROMIUM, USUAL, 'auto', new Set<EngineId>(['flv', 'ws-flv'])).engine, 'hls');
  });

  test('WebRTC is the last way to try', () => {
    assert.equal(choose(CHROMIUM, USUAL, 'auto', new Set<EngineId>(['flv', 'ws-flv', 'hls'])).engine, 'whep');
  });

  test('are tried again when all did', () => {
    assert.equal(choose(CHROMIUM, USUAL, 'auto', new Set<EngineId>(['flv', 'ws-flv', 'hls', 'whep'])).engine, 'flv');
  });
});

describe('when nothing can play it', () => {
  test('the codec is named', () => {
    assert.deepEqual(choose(CHROMIUM, { video: 'h265', audio: 'aac' }, 'auto', NONE), {
      engine: null,
      problem: { reason: 'codec', detail: 'h265' },
    });
  });

  test('a browser without any way is told so', () => {
    const bare = browser(/x/, { mediaSource: 'none', webRtc: false });
    assert.equal(choose(bare, USUAL, 'auto', NONE).problem?.reason, 'unsupported');
  });
});

describe('the menu shows why an engine is out of the question', () => {
  test('for each one', () => {
    const bare = browser(/avc1|mp4a/, { mediaSource: 'none', nativeHls: false });
    assert.deepEqual(judge('native', bare, USUAL).obstacle, { kind: 'no-native-hls' });
    assert.deepEqual(judge('hls', bare, USUAL).obstacle, { kind: 'no-media-source' });
    assert.deepEqual(judge('flv', { ...CHROMIUM, streamingFetch: false }, USUAL).obstacle, {
      kind: 'no-streaming-fetch',
    });
    assert.deepEqual(judge('ws-flv', { ...CHROMIUM, webSocket: false }, USUAL).obstacle, { kind: 'no-web-socket' });
    assert.deepEqual(judge('whep', { ...CHROMIUM, webRtc: false }, USUAL).obstacle, { kind: 'no-web-rtc' });
    assert.deepEqual(judge('whep', CHROMIUM, { video: 'h265', audio: null }).obstacle, {
      kind: 'codec',
      codec: 'h265',
    });
    assert.deepEqual(judge('flv', CHROMIUM, { video: 'vp8', audio: null }).obstacle, { kind: 'codec', codec: 'vp8' });
  });

  test('all are listed', () => {
    assert.equal(judgeAll(CHROMIUM, USUAL).length, 5);
    assert.equal(judgeAll(IPHONE, USUAL).length, 5);
  });
});
