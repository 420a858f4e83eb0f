import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlayerState } from './player.ts';
import { type PlayerFacts, stateOf } from './state.ts';

const START: PlayerFacts = {
  wanted: true,
  online: true,
  server: 'live',
  engine: 'none',
  media: 'empty',
  played: false,
  blocked: false,
  fatal: null,
};
const PLAYING: PlayerFacts = { ...START, engine: 'open', media: 'moving', played: true };
const PROBLEM = { reason: 'codec', detail: 'h265' } as const;

const cases: [string, PlayerFacts, PlayerState][] = [
  ['nothing is known yet', { ...START, server: 'unknown' }, 'connecting'],
  ['live, not open yet', START, 'connecting'],
  ['open, no picture yet', { ...START, engine: 'open' }, 'connecting'],
  ['the picture moves', PLAYING, 'playing'],
  ['the picture moves while the server cannot be asked', { ...PLAYING, server: 'unreachable' }, 'playing'],
  ['what is buffered plays out after the end', { ...PLAYING, server: 'off', engine: 'finished' }, 'playing'],
  ['out of data', { ...PLAYING, media: 'stalled' }, 'buffering'],
  ['out of data and the publisher is lost', { ...PLAYING, media: 'stalled', server: 'interrupted' }, 'interrupted'],
  ['out of data and the network is lost', { ...PLAYING, media: 'stalled', online: false }, 'offline'],
  ['connection lost, trying again', { ...PLAYING, media: 'empty', engine: 'none' }, 'connecting'],
  ['not live, never seen', { ...START, server: 'off' }, 'waiting'],
  ['not live any more', { ...PLAYING, server: 'off', media: 'empty', engine: 'none' }, 'ended'],
  ['the server says it is over', { ...START, server: 'ended' }, 'ended'],
  ['paused by the viewer', { ...PLAYING, wanted: false, media: 'stalled' }, 'paused'],
  ['over while it was paused', { ...PLAYING, wanted: false, media: 'stalled', server: 'off' }, 'ended'],
  ['the browser wants a touch', { ...START, engine: 'open', blocked: true }, 'blocked'],
  ['no cure', { ...START, fatal: PROBLEM }, 'failed'],
  ['no cure, but it is over anyway', { ...START, fatal: PROBLEM, server: 'off' }, 'waiting'],
  ['the network is away and nothing was seen', { ...START, online: false }, 'offline'],
  ['a lost publisher is nothing to a viewer who is not connected', { ...START, server: 'interrupted' }, 'connecting'],
];

for (const [when, facts, state] of cases) {
  test(`${when}: ${state}`, () => assert.equal(stateOf(facts), state));
}
