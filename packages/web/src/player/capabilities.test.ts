import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCapabilities } from './capabilities.ts';

const decoder = (known: string) => ({ isTypeSupported: (mime: string) => mime === known });

test('the full media source is preferred to the managed one', () => {
  const both = readCapabilities({ MediaSource: decoder('a'), ManagedMediaSource: decoder('b') }, () => '');
  assert.equal(both.mediaSource, 'full');
  assert.equal(both.decodes('a'), true);
  assert.equal(both.decodes('b'), false);
});

test('an iPhone has the managed one only', () => {
  const phone = readCapabilities({ ManagedMediaSource: decoder('b') }, () => 'maybe');
  assert.equal(phone.mediaSource, 'managed');
  assert.equal(phone.decodes('b'), true);
  assert.equal(phone.nativeHls, true);
});

test('a browser with nothing decodes nothing', () => {
  const none = readCapabilities({}, () => '');
  assert.equal(none.mediaSource, 'none');
  assert.equal(none.streamingFetch, false);
  assert.equal(none.webSocket, false);
  assert.equal(none.webRtc, false);
  assert.equal(none.decodesByRtc('video/H264'), false);
  assert.equal(none.nativeHls, false);
  assert.equal(none.decodes('a'), false);
  assert.equal(none.decodesNatively('a'), false);
});

test('WebRTC tells its codecs by kind, in whatever case', () => {
  const browser = readCapabilities(
    {
      RTCPeerConnection: {},
      RTCRtpReceiver: {
        getCapabilities: (kind) => (kind === 'video' ? { codecs: [{ mimeType: 'video/H264' }] } : null),
      },
    },
    () => '',
  );
  assert.equal(browser.webRtc, true);
  assert.equal(browser.decodesByRtc('video/h264'), true);
  assert.equal(browser.decodesByRtc('video/VP8'), false);
  assert.equal(browser.decodesByRtc('audio/opus'), false);
});

test('responses are streamed where they have a body', () => {
  assert.equal(readCapabilities({ Response: { prototype: { body: null } } }, () => '').streamingFetch, true);
  assert.equal(readCapabilities({ Response: { prototype: {} } }, () => '').streamingFetch, false);
});
