import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Allowance } from './allowance.ts';

const fresh = () => new Allowance({ most: 3, windowMs: 60_000, refusal: 'too many' });
const refused = { name: 'RATE_LIMITED', message: /^too many: try again in \d+ min$/ };

describe('an allowance', () => {
  it('is used up for one name, not for others, and is there again when its window is over', () => {
    const allowance = fresh();
    for (let n = 0; n < 3; n++) allowance.take('anna', 1000 + n);
    assert.throws(() => allowance.take('anna', 60_999), refused);
    allowance.take('bert', 60_999);
    allowance.take('anna', 61_000);
  });

  it('is whole again when what was done is forgotten', () => {
    const allowance = fresh();
    for (let n = 0; n < 10; n++) {
      allowance.take('anna', 0);
      allowance.forget('anna');
    }
  });

  it('remembers so many names, the latest', () => {
    const allowance = fresh();
    for (let n = 0; n < 3; n++) allowance.take('anna', 0);
    for (let n = 0; n < 19_999; n++) allowance.take(`other ${n}`, 0);
    assert.throws(() => allowance.take('anna', 0), refused);
    allowance.take('one more', 0);
    allowance.take('anna', 0);
  });
});
