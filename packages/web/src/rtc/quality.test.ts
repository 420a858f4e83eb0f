import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { countersOf, type RtcCounters } from './counters.ts';
import { barsBetween, Quality } from './quality.ts';
import { Speaking } from './speaking.ts';

const START = countersOf([], 0);
const after = (changes: Partial<RtcCounters>): RtcCounters => ({ ...START, atMs: 1000, packets: 100, ...changes });

describe('the bars of a connection', () => {
  test('are three when nothing is wrong', () => assert.equal(barsBetween(START, after({ roundTripMs: 40 })), 3));

  test('are fewer the more is lost, the longer the way, the longer the picture stands', () => {
    assert.equal(barsBetween(START, after({ lost: 5 })), 2);
    assert.equal(barsBetween(START, after({ lost: 20 })), 1);
    assert.equal(barsBetween(START, after({ roundTripMs: 350 })), 2);
    assert.equal(barsBetween(START, after({ roundTripMs: 900 })), 1);
    assert.equal(barsBetween(START, after({ frozenMs: 100 })), 2);
    assert.equal(barsBetween(START, after({ frozenMs: 400 })), 1);
  });

  test('are none when nothing came', () => assert.equal(barsBetween(START, after({ packets: 0 })), 0));

  test('are not told from readings close together', () => {
    assert.equal(barsBetween(START, after({ atMs: 100 })), null);
  });
});

describe('shown bars', () => {
  /** A reading a second, with so many packets lost in it. */
  function feed(quality: Quality, losses: readonly number[]): (number | null)[] {
    let lost = 0;
    return losses.map((more, i) => {
      lost += more;
      quality.add(after({ atMs: i * 1000, packets: (i + 1) * 100, lost }));
      return quality.bars;
    });
  }

  test('fall at once and rise when it stays better', () => {
    assert.deepEqual(feed(new Quality(), [0, 0, 20, 0, 0, 0]), [null, 3, 1, 1, 3, 3]);
  });

  test('begin anew with a new session', () => {
    const quality = new Quality();
    feed(quality, [0, 0]);
    quality.add(after({ atMs: 5000, packets: 3 }));
    assert.equal(quality.bars, 3);
    quality.forget();
    assert.equal(quality.bars, null);
  });
});

describe('counters', () => {
  test('are summed over sound and picture', () => {
    const counters = countersOf(
      [
        {
          type: 'inbound-rtp',
          kind: 'audio',
          packetsReceived: 50,
          packetsLost: -2,
          bytesReceived: 10,
          audioLevel: 0.4,
        },
        { type: 'inbound-rtp', kind: 'video', packetsReceived: 100, packetsLost: 3, framesDecoded: 25 },
        { type: 'candidate-pair', nominated: true, state: 'succeeded', currentRoundTripTime: 0.02 },
        { type: 'candidate-pair', nominated: false, state: 'succeeded', currentRoundTripTime: 2 },
      ],
      7,
    );
    const { packets, lost, bytes, framesDecoded, audioLevel, roundTripMs, atMs } = counters;
    assert.deepEqual(
      [packets, lost, bytes, framesDecoded, audioLevel, roundTripMs, atMs],
      [150, 3, 10, 25, 0.4, 20, 7],
    );
  });

  test('of a publisher are what it sent, and what the other end missed', () => {
    const { packets, lost, audioLevel } = countersOf(
      [
        { type: 'outbound-rtp', kind: 'video', packetsSent: 80 },
        { type: 'remote-inbound-rtp', kind: 'video', packetsLost: 4 },
        { type: 'media-source', kind: 'audio', audioLevel: 0.1 },
      ],
      0,
    );
    assert.deepEqual([packets, lost, audioLevel], [80, 4, 0.1]);
  });
});

test('somebody speaks through the pauses between words', () => {
  const speaking = new Speaking();
  assert.equal(speaking.add(0.001, 0), false);
  assert.equal(speaking.add(0.2, 1000), true);
  assert.equal(speaking.add(0, 1500), true);
  assert.equal(speaking.add(0, 2000), false);
});
