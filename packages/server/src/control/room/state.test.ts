import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { advance, GONE_AFTER_MS, newLife, onAirMs, type RoomInput, type RoomLife } from './state.ts';

const T0 = 1_700_000_000_000;

/** A room that time passes in. */
class Story {
  room: RoomLife = newLife(T0);
  atMs = T0;
  events: string[] = [];

  do(input: RoomInput): this {
    const { room, event } = advance(this.room, input, this.atMs);
    this.room = room;
    if (event) this.events.push(event.reason === null ? event.type : `${event.type}: ${event.reason}`);
    return this;
  }
  stream = (live: boolean): this => this.do({ type: 'stream', live });
  beat = (): this => this.do({ type: 'beat' });
  after(ms: number): this {
    this.atMs += ms;
    return this.do({ type: 'tick' });
  }
}

describe('a room', () => {
  it('is being prepared, is live, is interrupted, is live again, and says so each time', () => {
    const story = new Story();
    assert.equal(story.room.state, 'preparing');
    story.stream(false).stream(true).stream(true).after(1000).stream(false).stream(false).after(1000).stream(true);
    assert.deepEqual(story.events, ['live', 'interrupted', 'live']);
    assert.equal(story.room.liveSince, T0);
    assert.equal(onAirMs(story.room, story.atMs + 500), 1500);
  });

  it('closes 90 s after it was opened when nobody comes', () => {
    const story = new Story().after(GONE_AFTER_MS - 1);
    assert.deepEqual([story.room.state, story.room.dueAt], ['preparing', T0 + GONE_AFTER_MS]);
    story.after(1);
    assert.deepEqual(story.events, ['closed: vanished']);
    assert.deepEqual([story.room.closedAt, story.room.dueAt], [story.atMs, null]);
  });

  it('stays open while the page says that it is there, without a stream', () => {
    const story = new Story();
    for (let n = 0; n < 100; n++) story.after(5000).beat();
    assert.equal(story.room.state, 'preparing');
    story.after(GONE_AFTER_MS);
    assert.equal(story.room.closeReason, 'vanished');
  });

  it('stays open while it is live, without a page; 90 s after the stream is gone it closes', () => {
    const story = new Story().stream(true).after(10 * GONE_AFTER_MS);
    assert.equal(story.room.state, 'live');
    story.stream(false).after(GONE_AFTER_MS - 1);
    assert.equal(story.room.state, 'interrupted');
    story.after(1);
    assert.deepEqual(story.events, ['live', 'interrupted', 'closed: vanished']);
    assert.equal(story.room.onAirMs, 10 * GONE_AFTER_MS);
  });

  it('is not late because control was away', () => {
    const story = new Story().stream(true).stream(false);
    story.atMs += 10 * GONE_AFTER_MS;
    story.do({ type: 'restarted' }).after(GONE_AFTER_MS - 1);
    assert.equal(story.room.state, 'interrupted');
    story.after(1);
    assert.equal(story.room.state, 'closed');
  });

  it('is closed for good, with the first reason', () => {
    const story = new Story().stream(true).after(3000).do({ type: 'close', reason: 'anchor' });
    const { room } = story;
    story.stream(true).beat().do({ type: 'close', reason: 'operator' }).do({ type: 'restarted' }).after(GONE_AFTER_MS);
    assert.equal(story.room, room);
    assert.deepEqual([room.closeReason, room.onAirMs, story.events], ['anchor', 3000, ['live', 'closed: anchor']]);
  });
});

describe('any story of a room', () => {
  const happening = fc.oneof(
    fc.constant<RoomInput>({ type: 'beat' }),
    fc.boolean().map((live): RoomInput => ({ type: 'stream', live })),
    fc.constant<RoomInput>({ type: 'tick' }),
    fc.constant<RoomInput>({ type: 'restarted' }),
  );
  const story = fc.array(fc.record({ input: happening, waitMs: fc.integer({ min: 0, max: 120_000 }) }), {
    maxLength: 60,
  });

  it('closes the room exactly when neither stream nor page were there for 90 s, and counts the time on air', () => {
    fc.assert(
      fc.property(story, (steps) => {
        let room: RoomLife = newLife(T0);
        let atMs = T0;
        let live: boolean = false;
        let signOfLife = T0;
        let onAir = 0;
        for (const { input, waitMs } of steps) {
          atMs += waitMs;
          if (live) onAir += waitMs;
          const before = room;
          room = advance(room, input, atMs).room;
          const gone: boolean = !live && atMs - signOfLife >= GONE_AFTER_MS;
          assert.equal(room.state === 'closed', input.type === 'tick' && gone);
          if (room.state === 'closed') {
            assert.ok(before.dueAt !== null && before.dueAt <= atMs, 'it was due');
            assert.equal(room.onAirMs, onAir);
            return;
          }
          if (input.type === 'stream') {
            if (live && !input.live) signOfLife = Math.max(signOfLife, atMs);
            live = input.live;
          }
          if (input.type === 'beat' || input.type === 'restarted') signOfLife = atMs;
          assert.equal(room.state === 'live', live);
          assert.equal(room.liveSince === null, room.state === 'preparing');
          assert.equal(room.dueAt, live ? null : signOfLife + GONE_AFTER_MS);
          assert.equal(onAirMs(room, atMs), onAir);
        }
      }),
      { numRuns: 500 },
    );
  });
});
