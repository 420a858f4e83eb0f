import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ErrorBody, UserChange } from '@lianmai/contract';
import type { App, IssuedToken, OwnProfile, UserProfile, UserSession } from '@lianmai/contract/rest';
import { Api } from 'tls-sig-api-v2';
import { readUserSig } from '../../auth/user-sig.ts';
import { verifyUserToken } from '../../auth/user-token.ts';
import { describeStores } from '../../store/testing/stores.ts';
import { RATE_LIMITS } from '../rest/access.ts';
import { OPERATOR_KEY, TestControl } from '../testing/test-control.ts';
import { until } from '../testing/until.ts';

const NOBODY = { key: null };
const LIMITS = { ...RATE_LIMITS, registrationsPerAddress: 1000, logInsPerAddress: 1000 };
const MINUTE_MS = 60_000;
type Failing = ErrorBody;

/** The calls of users, on one control. */
class People {
  readonly control: TestControl;
  constructor(control: TestControl) {
    this.control = control;
  }
  tryRegister = (body: object) =>
    this.control.post<UserSession & Failing>('/v1/users/register', { password: 'correct horse', ...body }, NOBODY);
  tryLogIn = (body: object) => this.control.post<UserSession & Failing>('/v1/users/login', body, NOBODY);
  me = (token: string) => this.control.get<OwnProfile & Failing>('/v1/users/me', { key: token });
  async register(body: object): Promise<UserSession> {
    const answer = await this.tryRegister(body);
    assert.equal(answer.status, 201, answer.text);
    return answer.body;
  }
  async logIn(body: object): Promise<UserSession> {
    const answer = await this.tryLogIn(body);
    assert.equal(answer.status, 200, answer.text);
    return answer.body;
  }
  async issue(body: object, key = OPERATOR_KEY): Promise<IssuedToken> {
    const answer = await this.control.post<IssuedToken>('/v1/users/token', body, { key });
    assert.equal(answer.status, 200, answer.text);
    return answer.body;
  }
  /** An app of its own, and a key of it. */
  async app(): Promise<App & { key: string }> {
    const { body } = await this.control.post<App>('/v1/apps', { accountId: 'default', name: 'theirs' });
    const key = await this.control.post<{ key: string }>(`/v1/apps/${body.id}/api-keys`, { name: 'server' });
    return { ...body, key: key.body.key };
  }
}

describeStores('users', (open) => {
  let people: People;
  const start = async () => {
    const control = await TestControl.start({ store: await open(), limits: LIMITS });
    people = new People(control);
    return control;
  };

  it('register, are known by their token, and log in by nickname or id', async (t) => {
    const control = await start();
    t.after(() => control.close());
    const made = await people.register({ nickname: ' 小  明 ', userId: 'ming', avatar: 'https://example.org/m.jpg' });
    assert.deepEqual(
      [made.user.userId, made.user.nickname, made.user.avatar, made.user.hasPassword, made.user.room, made.sdkAppId],
      ['ming', '小 明', 'https://example.org/m.jpg', true, null, 1_400_000_000],
    );
    assert.deepEqual((await people.me(made.token)).body, made.user);
    for (const name of [{ nickname: '小 明' }, { userId: 'ming' }]) {
      const again = await people.logIn({ ...name, password: 'correct horse' });
      assert.deepEqual(again.user, made.user);
      assert.equal((await people.me(again.token)).status, 200);
    }
    const { user } = await people.register({ nickname: 'Anna' });
    assert.match(user.userId, /^u_[0-9a-z]{16}$/);
  });

  it('have log-in names of their own, whatever the case and width', async (t) => {
    const control = await start();
    t.after(() => control.close());
    await people.register({ nickname: 'Anna', userId: 'anna' });
    for (const nickname of ['anna', 'ANNA', ' Anna ', 'Ａｎｎａ']) {
      const { status, body } = await people.tryRegister({ nickname });
      assert.deepEqual([status, body.error.name, body.error.field], [409, 'CONFLICT', 'nickname'], nickname);
      assert.equal((await people.logIn({ nickname, password: 'correct horse' })).user.userId, 'anna');
    }
    const taken = await people.tryRegister({ nickname: 'Bert', userId: 'anna' });
    assert.deepEqual([taken.status, taken.body.error.field], [409, 'userId']);
    const both = await Promise.all([1, 2, 3].map(() => people.tryRegister({ nickname: 'Carl' })));
    assert.deepEqual(both.map(({ status }) => status).sort(), [201, 409, 409]);
  });

  it('change their nickname and log in by the new one', async (t) => {
    const control = await start();
    t.after(() => control.close());
    await people.register({ nickname: 'Bert' });
    const { token, user } = await people.register({ nickname: 'Anna' });
    const change = (body: object) => control.patch<OwnProfile & Failing>('/v1/users/me', body, { key: token });
    assert.equal((await change({ nickname: 'BERT' })).body.error.field, 'nickname');
    const changed = await change({ nickname: 'Anna II', avatar: '/v1/pictures/p_1' });
    assert.deepEqual(changed.body, { ...user, nickname: 'Anna II', avatar: '/v1/pictures/p_1' });
    assert.equal((await people.tryLogIn({ nickname: 'Anna', password: 'correct horse' })).status, 401);
    await people.logIn({ nickname: 'anna ii', password: 'correct horse' });
    assert.equal((await change({ avatar: null })).body.avatar, null);
  });

  it('that change their password end all log-ins of before and go on with a new token', async (t) => {
    const control = await start();
    t.after(() => control.close());
    const heard: UserChange[] = [];
    control.bus.member().bus.subscribe('user.change', (change) => heard.push(change));
    const { token, user } = await people.register({ nickname: 'Anna' });
    const elsewhere = await people.logIn({ nickname: 'Anna', password: 'correct horse' });
    const change = (body: object) =>
      control.patch<OwnProfile & { token: string } & Failing>('/v1/users/me', { password: body }, { key: token });
    const wrong = await change({ current: 'wrong horse', new: 'battery staple' });
    assert.deepEqual([wrong.status, wrong.body.error.field], [403, 'password/current']);
    assert.equal((await people.me(elsewhere.token)).status, 200);
    const { status, body } = await change({ current: 'correct horse', new: 'battery staple' });
    assert.equal(status, 200);
    assert.equal((await people.me(body.token)).body.userId, user.userId);
    for (const old of [token, elsewhere.token]) assert.equal((await people.me(old)).status, 401);
    await until(() => heard.length > 0);
    assert.deepEqual(heard.at(-1), { appId: 'default', userId: user.userId, generation: 1, loggedOut: null });
    assert.equal((await people.tryLogIn({ nickname: 'Anna', password: 'correct horse' })).status, 401);
    await people.logIn({ nickname: 'Anna', password: 'battery staple' });
  });

  it('log out here alone, or everywhere', async (t) => {
    const control = await start();
    t.after(() => control.close());
    const here = await people.register({ nickname: 'Anna' });
    const there = await people.logIn({ nickname: 'Anna', password: 'correct horse' });
    assert.equal((await control.post('/v1/users/logout', undefined, { key: here.token })).status, 204);
    assert.equal((await people.me(here.token)).status, 401);
    assert.equal((await people.me(there.token)).status, 200);
    const third = await people.logIn({ nickname: 'Anna', password: 'correct horse' });
    assert.equal((await control.post('/v1/users/logout', { everywhere: true }, { key: third.token })).status, 204);
    for (const { token } of [here, there, third]) assert.equal((await people.me(token)).status, 401);
    const back = await people.logIn({ nickname: 'Anna', password: 'correct horse' });
    await control.stop();
    await control.startAgain();
    assert.equal((await people.me(back.token)).status, 200, 'tokens outlive control');
    assert.equal((await people.me(there.token)).status, 401);
  });

  it('whom a server vouches for get token and UserSig, and are changed by the next call', async (t) => {
    const control = await start();
    t.after(() => control.close());
    const first = await people.issue({ userId: 'anchor-1' });
    assert.deepEqual(first.user, { userId: 'anchor-1', nickname: 'anchor-1', avatar: null });
    assert.equal((await people.me(first.token)).body.hasPassword, false);
    const second = await people.issue({ userId: 'anchor-1', nickname: 'Anna', avatar: 'https://example.org/a.jpg' });
    const profile: UserProfile = { userId: 'anchor-1', nickname: 'Anna', avatar: 'https://example.org/a.jpg' };
    assert.deepEqual(second.user, profile);
    assert.deepEqual((await people.issue({ userId: 'anchor-1' })).user, profile, 'nothing given changes nothing');
    assert.deepEqual((await control.get('/v1/users/anchor-1', NOBODY)).body, profile);
    for (const body of [
      { userSig: first.userSig },
      { userSig: first.userSig, userId: 'anchor-1', sdkAppId: first.sdkAppId },
    ])
      assert.equal((await people.logIn(body)).user.nickname, 'Anna');
    // Nicknames of those without a password may be the same.
    assert.equal((await people.issue({ userId: 'anchor-2', nickname: 'Anna' })).user.nickname, 'Anna');
  });

  it('are of one app each, and apps do not see those of others', async (t) => {
    const control = await start();
    t.after(() => control.close());
    const app = await people.app();
    const theirs = await people.issue({ userId: 'anna', nickname: 'Theirs' }, app.key);
    assert.equal(theirs.sdkAppId, app.sdkAppId);
    const ours = await people.issue({ userId: 'anna', nickname: 'Ours' });
    const nameOf = async (options: object, query = '') =>
      (await control.get<UserProfile>(`/v1/users/anna${query}`, options)).body.nickname;
    assert.equal(await nameOf({ key: theirs.token }), 'Theirs');
    assert.equal(await nameOf({ key: app.key }), 'Theirs');
    assert.equal(await nameOf({ key: ours.token }, `?appId=${app.id}`), 'Ours');
    assert.equal(await nameOf(NOBODY), 'Ours');
    assert.equal(await nameOf(NOBODY, `?appId=${app.id}`), 'Theirs');
    const foreign = await control.post('/v1/users/token', { userId: 'x', appId: 'default' }, { key: app.key });
    assert.equal(foreign.status, 404);
    // A user's token opens nothing that takes a key.
    for (const path of ['/v1/channels', '/v1/accounts', `/v1/apps/${app.id}`])
      assert.equal((await control.get(path, { key: theirs.token })).status, 403, path);
    assert.equal((await control.post('/v1/users/token', { userId: 'x' }, { key: theirs.token })).status, 403);
    assert.equal((await control.get('/v1/users/me', { key: app.key })).status, 403);
  });
});

describe('a UserSig at log-in', () => {
  let control: TestControl;
  let people: People;
  let clockMs = Date.now();
  before(async () => {
    control = await TestControl.start({ limits: LIMITS, now: () => clockMs });
    people = new People(control);
  });
  after(() => control.close());

  it('of anybody who has the secret key lets in, also a user that is new', async () => {
    const app = await people.app();
    const sig = new Api(app.sdkAppId, app.secretKeys.main).genUserSig('bert', 3600);
    const session = await people.logIn({ userSig: sig });
    assert.deepEqual([session.user.userId, session.user.nickname, session.user.appId], ['bert', 'bert', app.id]);
    assert.equal(session.sdkAppId, app.sdkAppId);
    const issued = await people.issue({ userId: 'bert' }, app.key);
    assert.equal(readUserSig(issued.userSig)?.sdkAppId, app.sdkAppId);
    await people.logIn({ userSig: issued.userSig });
  });

  it('of the key before the last rotation is still good, of the one before that not', async () => {
    const app = await people.app();
    const sig = new Api(app.sdkAppId, app.secretKeys.main).genUserSig('bert', 3600);
    const rotate = () => control.post<App>(`/v1/apps/${app.id}/secret-keys/rotate`);
    const once = (await rotate()).body;
    assert.equal(once.secretKeys.backup, app.secretKeys.main);
    assert.notEqual(once.secretKeys.main, app.secretKeys.main);
    await people.logIn({ userSig: sig });
    await rotate();
    assert.equal((await people.tryLogIn({ userSig: sig })).body.error.name, 'LOG_IN_FAILED');
    assert.deepEqual((await control.get<App>(`/v1/apps/${app.id}`)).body.pushKeys, app.pushKeys);
  });

  it('that does not fit is refused, with what is wrong', async () => {
    const app = await people.app();
    const good = new Api(app.sdkAppId, app.secretKeys.main).genUserSig('bert', 3600);
    const wrong: [object, RegExp][] = [
      [{ userSig: 'a'.repeat(100) }, /no UserSig/],
      [{ userSig: good, userId: 'anna' }, /not for "anna"/],
      [{ userSig: good, sdkAppId: 1_400_000_000 }, /not for app 1400000000/],
      [{ userSig: new Api(app.sdkAppId, 'forged').genUserSig('bert', 3600) }, /was not made with the secret key/],
      [{ userSig: new Api(1, app.secretKeys.main).genUserSig('bert', 3600) }, /was not made with the secret key/],
      [{ userSig: new Api(app.sdkAppId, app.secretKeys.main).genUserSig('b e r t', 3600) }, /no user can have the id/],
    ];
    for (const [body, message] of wrong) {
      const { status, body: answer } = await people.tryLogIn(body);
      assert.deepEqual([status, answer.error.name, answer.error.field], [401, 'LOG_IN_FAILED', 'userSig']);
      assert.match(answer.error.message, message);
    }
  });

  it('that has expired is refused, and says so', async () => {
    const app = await people.app();
    const userSig = new Api(app.sdkAppId, app.secretKeys.main).genUserSig('bert', 60);
    clockMs += 10 * MINUTE_MS;
    assert.match((await people.tryLogIn({ userSig })).body.error.message, /has expired/);
  });

  it('from before the user logged out everywhere is worth nothing', async () => {
    const { token, userSig } = await people.issue({ userId: 'carl' });
    clockMs += 2 * MINUTE_MS;
    await control.post('/v1/users/logout', { everywhere: true }, { key: token });
    assert.match((await people.tryLogIn({ userSig })).body.error.message, /logged out everywhere/);
    const fresh = await people.issue({ userId: 'carl' });
    await people.logIn({ userSig: fresh.userSig });
  });
});

describe('logging in', () => {
  let control: TestControl;
  let people: People;
  let clockMs = Date.now();
  before(async () => {
    control = await TestControl.start({ limits: LIMITS, now: () => clockMs });
    people = new People(control);
  });
  after(() => control.close());

  it('answers the same to a wrong name and a wrong password', async () => {
    await people.register({ nickname: 'Anna' });
    const answers = await Promise.all([
      people.tryLogIn({ nickname: 'Anna', password: 'wrong horse' }),
      people.tryLogIn({ nickname: 'Nobody', password: 'wrong horse' }),
      people.tryLogIn({ userId: 'nobody', password: 'correct horse' }),
    ]);
    const told = answers.map(({ status, body: { error } }) => [status, error.name, error.message, error.field]);
    for (const one of told) assert.deepEqual(one, told[0]);
    assert.equal(told[0]?.[0], 401);
  });

  it('takes ten tries for a name in a quarter of an hour, whether there is such a name or not', async () => {
    await people.register({ nickname: 'Bert' });
    for (const nickname of ['Bert', 'Nobody at all']) {
      for (let n = 0; n < 10; n++)
        assert.equal((await people.tryLogIn({ nickname, password: `guess number ${n}` })).status, 401);
      const { status, body } = await people.tryLogIn({ nickname, password: 'correct horse' });
      assert.deepEqual([status, body.error.name], [429, 'RATE_LIMITED']);
      assert.match(body.error.message, /15 min/);
    }
    await people.register({ nickname: 'Carl' });
    await people.logIn({ nickname: 'Carl', password: 'correct horse' });
    clockMs += 16 * MINUTE_MS;
    await people.logIn({ nickname: 'Bert', password: 'correct horse' });
  });

  it('counts tries that come at once, and forgets them with a right one', async () => {
    await people.register({ nickname: 'Dora' });
    const tries = await Promise.all(
      Array.from({ length: 30 }, (_, n) => people.tryLogIn({ nickname: 'Dora', password: `guess number ${n}` })),
    );
    assert.equal(tries.filter(({ status }) => status === 401).length, 10);
    clockMs += 16 * MINUTE_MS;
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 9; n++) await people.tryLogIn({ nickname: 'Dora', password: `guess number ${n}` });
      await people.logIn({ nickname: 'Dora', password: 'correct horse' });
    }
  });

  it('takes one way at a time', async () => {
    const wrong: [object, string | undefined][] = [
      [{}, 'password'],
      [{ nickname: 'Anna' }, 'password'],
      [{ password: 'correct horse' }, 'nickname'],
      [{ nickname: 'Anna', userId: 'anna', password: 'correct horse' }, 'nickname'],
      [{ nickname: 'Anna', password: 'correct horse', sdkAppId: 1_400_000_000 }, 'sdkAppId'],
      [{ userSig: 'a'.repeat(50), password: 'correct horse' }, undefined],
      [{ userSig: 'a'.repeat(5000) }, 'userSig'],
      [{ nickname: 'Anna', password: 'x'.repeat(5000) }, 'password'],
      [{ nickname: 'Anna', password: 'correct horse', admin: true }, 'admin'],
    ];
    for (const [body, field] of wrong) {
      const answer = await people.tryLogIn(body);
      assert.deepEqual([answer.status, answer.body.error.field], [400, field], JSON.stringify(body));
    }
  });

  it('asks nicknames, ids, passwords and pictures to be of their kind', async () => {
    const wrong: [object, string][] = [
      [{ nickname: '' }, 'nickname'],
      [{ nickname: '   ' }, 'nickname'],
      [{ nickname: '\u200b\u200b' }, 'nickname'],
      [{ nickname: 'two\nlines' }, 'nickname'],
      [{ nickname: 'turned \u202e around' }, 'nickname'],
      [{ nickname: 'n'.repeat(33) }, 'nickname'],
      [{ nickname: 'Emil', password: 'short' }, 'password'],
      [{ nickname: 'Emil', userId: 'with blank' }, 'userId'],
      [{ nickname: 'Emil', userId: 'me' }, 'userId'],
      [{ nickname: 'Emil', avatar: 'javascript:alert(1)' }, 'avatar'],
      [{ nickname: 'Emil', avatar: '//evil.example/x' }, 'avatar'],
    ];
    for (const [body, field] of wrong) {
      const answer = await people.tryRegister(body);
      assert.deepEqual([answer.status, answer.body.error.field], [400, field], JSON.stringify(body));
    }
    for (const nickname of ['<script>alert(1)</script>', '名'.repeat(32), '👩‍👩‍👧‍👦 family'])
      assert.equal((await people.register({ nickname })).user.nickname, nickname);
  });

  it('gives a token that workers can check by the key they are given', async () => {
    const { token, user, expiresAt } = await people.register({ nickname: 'Frida' });
    const { key } = await control.bus.member().bus.request('control.user-key', null);
    const { user: claim } = verifyUserToken(key, token, clockMs);
    assert.deepEqual([claim?.userId, claim?.appId, claim?.generation], [user.userId, 'default', 0]);
    assert.equal(new Date(expiresAt).getTime(), claim?.expiresAtMs);
    for (const forged of [`${token}x`, token.replace('lmu.', 'lmu.1'), 'lmu.', token.slice(0, -3)])
      assert.equal((await people.me(forged)).status, 401, forged);
    clockMs += 31 * 24 * 60 * MINUTE_MS;
    assert.equal((await people.me(token)).status, 401, 'after 30 days');
  });
});

describe('registering', () => {
  it('can be shut, and is limited by address', async (t) => {
    const shut = await TestControl.start({ settings: { registration: false } });
    t.after(() => shut.close());
    assert.equal((await new People(shut).tryRegister({ nickname: 'Anna' })).status, 403);
    const strict = await TestControl.start({ limits: { ...LIMITS, registrationsPerAddress: 2, logInsPerAddress: 2 } });
    t.after(() => strict.close());
    const people = new People(strict);
    for (const nickname of ['Anna', 'Bert']) await people.register({ nickname });
    assert.equal((await people.tryRegister({ nickname: 'Carl' })).status, 429);
    for (const nickname of ['Anna', 'Bert']) await people.logIn({ nickname, password: 'correct horse' });
    assert.equal((await people.tryLogIn({ nickname: 'Anna', password: 'correct horse' })).status, 429);
  });
});
