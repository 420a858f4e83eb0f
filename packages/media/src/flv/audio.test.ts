import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WireError } from '../result.ts';
import { parseAudioBody } from './index.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const fourCc = (letters: string) => Buffer.from(letters).toString('hex');

function summary(text: string): string {
  const frame = parseAudioBody(hex(text), 7);
  assert.ok(frame !== null && !(frame instanceof WireError), `${text}: ${JSON.stringify(frame)}`);
  assert.equal(frame.dts, 7);
  return `${frame.codec} ${frame.type} ${frame.data.toString('hex')}`;
}

function errorOf(text: string): WireError {
  const error = parseAudioBody(hex(text), 0);
  assert.ok(error instanceof WireError, `${text}: ${JSON.stringify(error)}`);
  return error;
}

test('legacy AAC and MP3 (also its 8 kHz format) give configuration and frames', () => {
  assert.equal(summary('af 00 1208'), 'aac config 1208');
  assert.equal(summary('af 01 2110'), 'aac key 2110');
  assert.equal(summary('2f fffb9064'), 'mp3 key fffb9064');
  assert.equal(summary('ee ffe318c4'), 'mp3 key ffe318c4');
});

test('enhanced RTMP gives Opus, AAC and MP3', () => {
  assert.equal(summary(`90 ${fourCc('Opus')} 4f707573`), 'opus config 4f707573');
  assert.equal(summary(`91 ${fourCc('Opus')} fcfffe`), 'opus key fcfffe');
  assert.equal(summary(`90 ${fourCc('mp4a')} 1208`), 'aac config 1208');
  assert.equal(summary(`91 ${fourCc('mp4a')} 2110`), 'aac key 2110');
  assert.equal(summary(`91 ${fourCc('.mp3')} fffb9064`), 'mp3 key fffb9064');
  assert.equal(summary(`97 02 0003e8 01 ${fourCc('Opus')} fc`), 'opus key fc');
  assert.equal(summary(`95 01 ${fourCc('Opus')} 00 fc`), 'opus key fc');
});

test('empty messages, ends, channel maps, further tracks and the start of MP3 carry nothing', () => {
  for (const text of [
    '',
    'af 00',
    'af 01',
    '2f',
    `92 ${fourCc('Opus')}`,
    `94 ${fourCc('Opus')} 01 02 00000003`,
    `90 ${fourCc('.mp3')}`,
    `95 01 ${fourCc('Opus')} 02 fc`,
  ]) {
    assert.equal(parseAudioBody(hex(text), 0), null, text);
  }
});

test('codecs that are not carried are named', () => {
  assert.match(errorOf('b2 00').message, /Speex \(sound format 11\)/);
  assert.match(errorOf('3e 00').message, /PCM/);
  assert.match(errorOf('72 00').message, /A-law/);
  assert.match(errorOf('c0').message, /unknown codec \(sound format 12\)/);
  assert.match(errorOf(`91 ${fourCc('ac-3')} 0b77`).message, /'ac-3'/);
  assert.match(errorOf(`91 ${fourCc('fLaC')} 00`).message, /'fLaC'/);
});

test('bad packet types, several tracks in one message and early ends are errors', () => {
  assert.equal(errorOf('af').offset, 1);
  assert.equal(errorOf('af 02 00').offset, 1);
  assert.equal(errorOf('91 4f70').offset, 1);
  assert.equal(errorOf(`93 ${fourCc('Opus')} 00`).offset, 0);
  assert.match(errorOf(`95 11 ${fourCc('Opus')} 00 000001 fc`).message, /multitrack is not supported/);
});
