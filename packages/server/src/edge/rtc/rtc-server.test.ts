import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inChild } from './testing/in-child.ts';

test('a viewer whose stream has ended before it is connected does not wait for ever', async () => {
  assert.deepEqual(await inChild('endBeforeConnected'), { sessionIsThere: false });
});
