import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Lianmai } from './lianmai.ts';
import { type ColourName, type Look, look, pushColour } from './peers/coloured.ts';
import type { Program } from './peers/program.ts';
import { until } from './until.ts';

interface Conference {
  id: string;
  channel: { id: string; stream: string; play: { flv: string } } | null;
}

let lianmai: Lianmai;
const programs: Program[] = [];

before(async () => {
  lianmai = await Lianmai.start({ workers: 2, settings: { mixers: '1' } });
});
after(async () => {
  for (const program of programs) await program[Symbol.asyncDispose]();
  await lianmai?.stop();
});

async function member(id: string, userId: string, colour: ColourName): Promise<Program> {
  const { publish } = await lianmai.rest.ok<{ publish: { rtmp: string } }>('POST', `/v1/conferences/${id}/join`, {
    userId,
  });
  const program = pushColour(publish.rtmp, colour, 500);
  programs.push(program);
  return program;
}

const looks = (url: string, what: string, test: (it: Look) => boolean) =>
  until(what, async () => test(await look(url)));
const listed = async () =>
  (await lianmai.rest.ok<{ items: { stream: string }[] }>('GET', '/v1/live')).items.map(({ stream }) => stream);

describe('a conference that may be watched', () => {
  it('is in the list while somebody is on air, is mixed for viewers, follows its members, and is gone with the last', async (t) => {
    const { channel: none } = await lianmai.rest.ok<Conference>('POST', '/v1/conferences', { title: 'Private' });
    assert.equal(none, null);
    const meeting = await lianmai.rest.ok<Conference>('POST', '/v1/conferences', { title: 'Panel', watchable: true });
    const { stream, play } = meeting.channel!;
    assert.deepEqual(await listed(), []);

    const first = await member(meeting.id, 'anna', 'red');
    await until('it is in the list', async () => (await listed()).includes(stream));
    const askedAt = performance.now();
    await looks(play.flv, 'one member', (it) => it.at(0.1, 0.5) === 'red' && it.at(0.9, 0.5) === 'red');
    t.diagnostic(`first pictures decoded ${Math.round(performance.now() - askedAt)} ms after they were asked for`);
    const second = await member(meeting.id, 'bert', 'blue');
    await looks(play.flv, 'two members', (it) => it.at(0.25, 0.5) === 'red' && it.at(0.75, 0.5) === 'blue');
    first.kill('SIGTERM');
    await looks(play.flv, 'the other alone', (it) => it.at(0.25, 0.5) === 'blue' && it.at(0.75, 0.5) === 'blue');
    second.kill('SIGTERM');
    await until('it is out of the list', async () => !(await listed()).includes(stream));
    await until(
      'its channel is gone',
      async () => (await lianmai.rest.call('GET', `/v1/channels/${meeting.channel!.id}`)).status === 404,
      30_000,
    );
    const mixes = await lianmai.rest.ok<{ items: unknown[] }>('GET', '/v1/mixes');
    assert.deepEqual(mixes.items, []);
  });
});
