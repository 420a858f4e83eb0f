import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RoomCounters } from './counters.ts';

const row = (change: object = {}) => ({
  id: 'r',
  viewers: 0,
  peakViewers: 0,
  totalViewers: 0,
  likes: 0,
  ...change,
});

describe("a room's counters", () => {
  it('show what is counted before it is written, and the peak', () => {
    const counters = new RoomCounters();
    counters.know({ id: 'r', likes: 100 });
    counters.addLikes('r', 5);
    counters.setViewers('r', 7, 9);
    counters.setViewers('r', 3, 9);
    assert.deepEqual(counters.figures(row({ likes: 100, totalViewers: 20 })), {
      viewers: 3,
      peakViewers: 7,
      totalViewers: 20,
      likes: 105,
    });
    assert.deepEqual([counters.viewers('r'), counters.total('r'), counters.likes('r')], [3, 9, 105]);
    assert.deepEqual([counters.viewers('x'), counters.total('x'), counters.likes('x')], [0, 0, 0]);
  });

  it('count no nonsense', () => {
    const counters = new RoomCounters();
    for (const likes of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) counters.addLikes('r', likes);
    assert.deepEqual(counters.unwritten(), []);
  });

  it('lose nothing and show nothing twice, whenever they are written and however rows are read meanwhile', () => {
    const step = fc.oneof(
      fc.integer({ min: 1, max: 50 }).map((likes) => ({ do: 'like' as const, likes })),
      fc.constant({ do: 'begin' as const }),
      fc.constant({ do: 'commit' as const }),
      fc.constant({ do: 'fail' as const }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
        const counters = new RoomCounters();
        let [stored, given, shown] = [0, 0, 0];
        let writing: ReturnType<RoomCounters['unwritten']> | null = null;
        for (const one of steps) {
          if (one.do === 'like') {
            counters.addLikes('r', one.likes);
            given += one.likes;
          } else if (one.do === 'begin') writing ??= counters.unwritten();
          else if (writing && one.do === 'commit') {
            const old = stored;
            for (const count of writing) {
              stored += count.likes;
              counters.written(count, stored);
            }
            writing = null;
            // A row that was read before the commit is looked at after it.
            assert.equal(counters.figures(row({ likes: old })).likes, given);
          } else if (one.do === 'fail') writing = null;
          const now = counters.figures(row({ likes: stored })).likes;
          assert.equal(now, given);
          assert.ok(now >= shown);
          shown = now;
        }
      }),
    );
  });

  it('of a room that is closed are forgotten', () => {
    const counters = new RoomCounters();
    counters.addLikes('r', 1);
    const [count] = counters.unwritten();
    assert.ok(count);
    counters.written(count, null);
    assert.deepEqual([counters.likes('r'), counters.unwritten()], [0, []]);
  });
});
