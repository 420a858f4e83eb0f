import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AmfEcmaArray, decodeAmf0 } from '@lianmai/media/amf';
import { job } from '../testing/mixing-world.ts';
import { metadataOf, TRACKS_ALONE } from './mix-metadata.ts';

const fieldsOf = (data: Buffer) => {
  const values = decodeAmf0(data);
  assert.ok(Array.isArray(values) && values[0] === 'onMetaData' && values[1] instanceof AmfEcmaArray);
  return { ...values[1].fields };
};

test('players are told size, rate, bitrates and codecs of a mix', () => {
  const { canvas, output } = job([]);
  const { type, track, data } = metadataOf(canvas, output);
  assert.deepEqual([track, type], ['data', 'config']);
  assert.deepEqual(fieldsOf(data), {
    ...{ width: 320, height: 180, framerate: 25, videodatarate: 500, audiodatarate: 96 },
    ...{ audiosamplerate: 48_000, audiosamplesize: 16, stereo: true, videocodecid: 7, audiocodecid: 10 },
  });
});

test('of a stream that tells nothing of itself, the codecs that it must have to be passed on', () => {
  assert.deepEqual(fieldsOf(TRACKS_ALONE.data), { videocodecid: 7, audiocodecid: 10 });
});
