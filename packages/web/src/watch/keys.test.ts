import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyAction, type PressedKey } from './keys.ts';

const press = (key: string, focusOn: PressedKey['focusOn'] = 'page', modified = false) =>
  keyAction({ key, focusOn, modified });

test('keys do what they do in other players', () => {
  assert.equal(press(' '), 'play-pause');
  assert.equal(press('k'), 'play-pause');
  assert.equal(press('m'), 'mute');
  assert.equal(press('M'), 'mute');
  assert.equal(press('f'), 'fullscreen');
  assert.equal(press('ArrowUp'), 'louder');
  assert.equal(press('ArrowDown'), 'quieter');
  assert.equal(press('ArrowRight'), 'to-live');
  assert.equal(press('i'), 'stats');
  assert.equal(press('x'), null);
});

test('the browser keeps its own', () => {
  assert.equal(press('f', 'page', true), null);
  assert.equal(press('Tab'), null);
  assert.equal(press('Enter', 'button'), null);
});

test('a focused control keeps its own', () => {
  assert.equal(press(' ', 'button'), null);
  assert.equal(press('m', 'button'), 'mute');
  assert.equal(press('ArrowUp', 'slider'), null);
  assert.equal(press(' ', 'slider'), 'play-pause');
  assert.equal(press('m', 'text'), null);
});
