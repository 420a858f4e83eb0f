import assert from 'node:assert/strict';
import { test } from 'node:test';
import { playAsAllowed } from './autoplay.ts';

const refused = () => new DOMException('no', 'NotAllowedError');

/** An element that refuses as long as `refuses` says so. */
function element(refuses: (muted: boolean) => Error | null, muted = false) {
  return {
    muted,
    async play() {
      const error = refuses(this.muted);
      if (error) throw error;
    },
  } as HTMLMediaElement;
}

test('plays with sound where the browser lets it', async () => {
  const video = element(() => null);
  assert.equal(await playAsAllowed(video), 'as-wanted');
  assert.equal(video.muted, false);
});

test('plays without sound where it must', async () => {
  const video = element((muted) => (muted ? null : refused()));
  assert.equal(await playAsAllowed(video), 'muted');
  assert.equal(video.muted, true);
});

test('waits for a touch where even that is refused', async () => {
  assert.equal(await playAsAllowed(element(refused)), 'blocked');
  assert.equal(await playAsAllowed(element(refused, true)), 'blocked');
});

test('a play that was overtaken by a new source is no refusal', async () => {
  const video = element(() => new DOMException('new load', 'AbortError'));
  assert.equal(await playAsAllowed(video), 'as-wanted');
  assert.equal(video.muted, false);
});
