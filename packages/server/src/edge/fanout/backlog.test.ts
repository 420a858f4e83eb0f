import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Backlog } from './backlog.ts';

test('frames keep their numbers however often it is trimmed', () => {
  const action = fc.oneof(
    fc.record({ push: fc.boolean() }),
    fc.record({ trim: fc.nat(5) }),
    fc.record({ forget: fc.nat(5) }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 100 }), (actions) => {
      const backlog = new Backlog();
      let starts: number[] = [];
      let [end, first] = [0, 0];
      for (const happening of actions) {
        if ('push' in happening) {
          backlog.push(Buffer.from(String(end)), happening.push);
          if (happening.push) starts.push(end);
          end++;
        } else if ('trim' in happening) {
          first = Math.min(first + happening.trim, end);
          backlog.trim(first);
          starts = starts.filter((start) => start >= first);
        } else {
          const index = Math.max(first, end - happening.forget);
          backlog.forgetStarts(index);
          starts = starts.filter((start) => start >= index);
        }
        assert.equal(backlog.end, end);
        assert.deepEqual(backlog.slice(first, end).map(String), expected(first, end));
        for (let index = first; index <= end; index++) {
          assert.equal(backlog.startBefore(index), starts.findLast((start) => start <= index) ?? null);
          assert.equal(backlog.newestStart(index), starts.findLast((start) => start >= index) ?? null);
        }
      }
    }),
  );
});

const expected = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => String(from + i));
