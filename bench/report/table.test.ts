import assert from 'node:assert/strict';
import { test } from 'node:test';
import { table } from './table.ts';

test('columns line up, numbers to the right', () => {
  const text = table(
    ['server', 'µs'],
    [
      ['a', '7'],
      ['longer', '12.5'],
    ],
  );
  assert.equal(text, ['| server |   µs |', '|--------|-----:|', '| a      |    7 |', '| longer | 12.5 |'].join('\n'));
});
