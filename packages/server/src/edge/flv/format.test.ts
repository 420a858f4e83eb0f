import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audio, audioConfig, metadata, video, videoConfig } from '../hub/testing/frames.ts';
import { FLV_FORMAT, flvFormatFor, WS_FLV_FORMAT } from './format.ts';

const nothing = { metadata: null, video: null, audio: null };
const flags = (...[headers, gop]: Parameters<typeof FLV_FORMAT.head>) => FLV_FORMAT.head(headers, gop)[4];

test('the file header promises the tracks that are there or announced, and both when nothing is known', () => {
  assert.equal(flags(nothing, []), 5);
  assert.equal(flags({ ...nothing, video: videoConfig() }, []), 1);
  assert.equal(flags({ ...nothing, audio: audioConfig() }, []), 4);
  assert.equal(flags({ ...nothing, video: videoConfig() }, [video('key', 0), audio(0)]), 5, 'MP3 has no configuration');
  assert.equal(flags({ ...nothing, metadata: metadata('..videocodecid..'), audio: audioConfig() }, []), 5);
});

test('formats are chosen by the address, the same object for the same wish', () => {
  assert.equal(flvFormatFor('flv', '/live/a.flv'), FLV_FORMAT);
  assert.equal(flvFormatFor('flv', '/live/only.flv?x=1'), FLV_FORMAT);
  assert.equal(flvFormatFor('ws-flv', '/live/a.flv?onlyAudio=0'), WS_FLV_FORMAT);
  const sound = flvFormatFor('ws-flv', '/live/a.flv?onlyAudio=1');
  assert.equal(sound, flvFormatFor('ws-flv', '/live/b.flv?t=2&onlyAudio=1'));
  assert.equal(sound.frame(video('key', 0)), null);
  assert.ok(sound.frame(audio(0)));
});
