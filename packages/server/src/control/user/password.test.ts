import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PASSWORD_COST, Passwords } from './password.ts';

const CHEAP = { logN: 4, r: 8, p: 1 };

describe('passwords', () => {
  it('are told from others, in any language', async () => {
    const passwords = new Passwords(CHEAP);
    for (const password of ['correct horse', '密码很长很长', '🎤🎤🎤🎤🎤🎤🎤🎤', ' '.repeat(8)]) {
      const kept = await passwords.hash(password);
      assert.ok(await passwords.verify(password, kept));
      assert.ok(!(await passwords.verify(`${password}x`, kept)));
      assert.ok(!kept.includes(password));
    }
  });

  it('may be typed with composed letters or not', async () => {
    const passwords = new Passwords(CHEAP);
    assert.ok(await passwords.verify('cafe\u0301 noir', await passwords.hash('café noir')));
  });

  it('are kept differently each time, with what it takes to check them', async () => {
    const passwords = new Passwords(CHEAP);
    const [one, two] = [await passwords.hash('same same'), await passwords.hash('same same')];
    assert.notEqual(one, two);
    assert.match(one, /^scrypt\$4\$8\$1\$/);
    // Another cost today does not lock out those of yesterday.
    assert.ok(await new Passwords({ ...CHEAP, logN: 5 }).verify('same same', one));
  });

  it('are checked at full cost where there is none, and never fit', async () => {
    const passwords = new Passwords(CHEAP);
    for (const password of ['', 'anything', '\0'.repeat(32)]) assert.ok(!(await passwords.verify(password, null)));
  });

  it('cost what OWASP asks for', async () => {
    const passwords = new Passwords(PASSWORD_COST);
    assert.ok(await passwords.verify('correct horse', await passwords.hash('correct horse')));
  });

  it('do not queue without end', async () => {
    const passwords = new Passwords(CHEAP);
    const many = await Promise.allSettled(Array.from({ length: 100 }, () => passwords.verify('x', null)));
    const refused = many.filter(({ status }) => status === 'rejected');
    assert.ok(refused.length > 0 && refused.length < 100);
    for (const one of refused) assert.equal((one as PromiseRejectedResult).reason.name, 'UNAVAILABLE');
    assert.ok(!(await passwords.verify('x', null)), 'and goes on afterwards');
  });
});
