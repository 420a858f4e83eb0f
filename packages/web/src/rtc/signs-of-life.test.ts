import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { type HeardPeer, SignsOfLife } from './signs-of-life.ts';

let mediaMs: number | null;
let entries: object[];
let read: number;

const peer: HeardPeer = {
  getReceivers: () => [
    { getSynchronizationSources: () => (mediaMs === null ? [] : [{ timestamp: mediaMs, source: 1, rtpTimestamp: 0 }]) },
  ],
  getStats: async () => {
    read++;
    return new Map(entries.map((entry, i) => [String(i), entry]));
  },
};

beforeEach(() => {
  mediaMs = null;
  entries = [];
  read = 0;
});

test('pictures and sound that come are enough: no statistics are read', async () => {
  const signs = new SignsOfLife(peer);
  for (mediaMs = 100; mediaMs < 2_000; mediaMs += 400) assert.equal(await signs.look(), true);
  assert.equal(read, 0);
});

test('where none come, reports do', async () => {
  const signs = new SignsOfLife(peer);
  entries = [
    { type: 'transport', bytesReceived: 1_000 },
    { type: 'candidate-pair', bytesReceived: 1_000 },
  ];
  assert.equal(await signs.look(), false, 'nothing is known yet');
  assert.equal(await signs.look(), false);
  entries = [{ type: 'transport', bytesReceived: 1_080 }, { type: 'candidate-pair' }];
  assert.equal(await signs.look(), true);
  assert.equal(await signs.look(), false);
});

test('what came with media is not taken for a sign after it stopped', async () => {
  const signs = new SignsOfLife(peer);
  entries = [{ type: 'candidate-pair', bytesReceived: 1_000 }];
  await signs.look();
  mediaMs = 500;
  entries = [{ type: 'candidate-pair', bytesReceived: 9_000 }];
  assert.equal(await signs.look(), true);
  assert.equal(await signs.look(), false);
  assert.equal(await signs.look(), false);
});
