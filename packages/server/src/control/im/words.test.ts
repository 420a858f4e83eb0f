import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { WordFilter } from './words.ts';

test('unwanted words become stars, in whatever dress they come', () => {
  const words = new WordFilter(['badword', 'bad', '坏话', 'straße']);
  const cases: [string, string][] = [
    ['a BadWord here', 'a ******* here'],
    ['ｂａｄｗｏｒｄ', '*******'],
    ['bádwörd', '*******'],
    ['b.a.d w o r d!', '*************!'],
    ['你说坏话了', '你说**了'],
    ['坏 话', '***'],
    ['ba d', '****'],
    ['good words', 'good words'],
    ['STRASSE', 'STRASSE'],
    ['Straße', '******'],
    ['👍🏽 bad 👍🏽', '👍🏽 *** 👍🏽'],
  ];
  for (const [said, shown] of cases) assert.equal(words.clean(said), shown);
});

test('an empty list changes nothing, and neither do empty words', () => {
  for (const words of [[], [''], ['  ', '...']])
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => assert.equal(new WordFilter(words).clean(text), text)),
    );
});

test('what is clean is as long as before, in characters, and has none of the words', () => {
  const words = new WordFilter(['aa', 'ab', 'bbb']);
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' ') }), (text) => {
      const clean = words.clean(text);
      assert.equal([...clean].length, [...text].length);
      assert.ok(!/aa|ab|bbb/.test(clean));
    }),
  );
});
