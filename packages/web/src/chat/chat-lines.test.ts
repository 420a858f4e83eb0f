import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RoomMember, RoomMessage } from '@lianmai/contract/im';
import { joinedLine, lineOf, MOST_LINES, textOf, withLine } from './chat-lines.ts';

const ben: RoomMember = { userId: 'ben', nickname: 'Ben', avatar: null, role: 'member' };
const message = (id: string, kind: RoomMessage['kind'], body: unknown, from: RoomMember | null = ben): RoomMessage => ({
  id,
  seq: 1,
  roomId: 'room_1',
  kind,
  from,
  body,
  at: '2026-01-01T00:00:00Z',
});

describe('a line of the chat', () => {
  test('is the text as it was written, tags and all', () => {
    const line = lineOf(message('m1', 'text', '<script>x</script>'), 'anna');
    assert.deepEqual(line, { kind: 'text', id: 'm1', from: ben, text: '<script>x</script>', isOwn: false });
  });

  test('is one’s own when one wrote it', () => {
    const line = lineOf(message('m1', 'danmaku', { text: 'hi', colour: 'red' }), 'ben');
    assert.deepEqual(line?.kind === 'danmaku' && [line.text, line.isOwn], ['hi', true]);
  });

  test('is none for likes and others’ own kinds', () => {
    assert.equal(lineOf(message('m1', 'like', { count: 3 }, null), 'anna'), null);
    assert.equal(lineOf(message('m1', 'custom', {}), 'anna'), null);
  });

  test('of a body that is no text is empty, not a crash', () => {
    for (const body of [null, undefined, 7, {}, { text: 7 }, []]) assert.equal(textOf(body), '');
  });
});

describe('the lines', () => {
  const lines = (count: number) =>
    Array.from({ length: count }, (_, i) => lineOf(message(`m${i}`, 'text', 'x'), 'anna')!);

  test('are as many as a phone can bear, the newest ones', () => {
    const all = lines(MOST_LINES + 40).reduce(withLine, [] as ReturnType<typeof withLine>);
    assert.equal(all.length, MOST_LINES);
    assert.equal(all.at(-1)?.id, `m${MOST_LINES + 39}`);
  });

  test('have each message once, however often it comes', () => {
    const [one] = lines(1);
    const once = withLine([], one!);
    assert.equal(withLine(once, one!), once);
  });

  test('tell of the last who came in, not of each in a row', () => {
    const two = withLine(withLine([], joinedLine(ben, 0, 1)), joinedLine({ ...ben, userId: 'cleo' }, 3, 2));
    assert.deepEqual(
      two.map((line) => line.kind === 'joined' && line.user.userId),
      ['cleo'],
    );
  });
});
