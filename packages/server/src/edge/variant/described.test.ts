import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audio, audioConfig, metadata, video, videoConfig } from '../hub/testing/frames.ts';
import { openStream } from '../hub/testing/open-stream.ts';
import { isDescribed, whenDescribed } from './described.ts';

test('a stream is described once a picture and the sound have come', async () => {
  const stream = openStream();
  const described = whenDescribed(stream);
  for (const frame of [videoConfig(), audioConfig()]) stream.write(frame, 0);
  assert.equal(isDescribed(stream), false, 'whether pictures are reordered is not told yet');
  stream.write(video('key', 0), 0);
  assert.equal(isDescribed(stream), true);
  await described;
});

test('one with a single track is, when the other had time to come', async () => {
  const stream = openStream();
  stream.write(videoConfig(), 0);
  for (let ms = 0; ms < 800; ms += 40) stream.write(video(ms === 0 ? 'key' : 'inter', ms), ms);
  assert.equal(isDescribed(stream), false);
  stream.write(video('inter', 800), 800);
  assert.equal(isDescribed(stream), true);
});

test('a track that the metadata announces is waited for, however long the other one has come', async () => {
  const stream = openStream();
  stream.write(metadata('onMetaData videocodecid audiocodecid'), 0);
  let isDone = false;
  const described = whenDescribed(stream).then(() => {
    isDone = true;
  });
  for (let ms = 0; ms < 3000; ms += 20) stream.write(audio(ms), ms);
  assert.equal(isDescribed(stream), false);
  assert.equal(isDescribed(stream, ['audio']), true, 'for who does not want the picture');
  assert.equal(isDone, false);
  stream.write(video('key', 3000), 3000);
  await described;
});

test('the end of a stream ends the wait', async () => {
  const stream = openStream();
  const described = whenDescribed(stream);
  stream.write(audio(0), 0);
  stream.end('unpublished');
  await described;
});
