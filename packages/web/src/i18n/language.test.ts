import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pickLanguage } from './language.ts';

test('the chosen language wins over the browser’s', () => assert.equal(pickLanguage('en', ['zh-CN']), 'en'));

test('any Chinese of the browser is Chinese', () => {
  for (const tag of ['zh', 'zh-CN', 'zh-Hant-TW', 'ZH-hk']) assert.equal(pickLanguage(null, [tag]), 'zh');
});

test('the first language that is spoken here is taken', () => {
  assert.equal(pickLanguage(null, ['fr-FR', 'zh-CN', 'en']), 'zh');
  assert.equal(pickLanguage('klingon', ['en-GB', 'zh']), 'en');
});

test('English when none is', () => {
  assert.equal(pickLanguage(null, ['fr', 'de']), 'en');
  assert.equal(pickLanguage(null, []), 'en');
});
