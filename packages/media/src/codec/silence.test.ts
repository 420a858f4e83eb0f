import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildAacConfig, parseAacConfig } from './aac.ts';
import { opusPacketSamples } from './opus.ts';
import { silenceLike } from './silence.ts';

test('Opus: silence is as long as what it stands for', () => {
  for (const packet of ['fc0102', 'fd0102', 'ff030102', 'f40102', '0801', '1801', 'f701aa', 'ff06aabbccddeeff']) {
    const data = Buffer.from(packet, 'hex');
    const silence = silenceLike('opus', data, null);
    assert.ok(silence, packet);
    assert.equal(opusPacketSamples(silence), opusPacketSamples(data), packet);
    assert.ok(silence.includes(Buffer.of(0xff, 0xfe)));
  }
  for (const packet of ['', 'e00102', 'ff'])
    assert.equal(silenceLike('opus', Buffer.from(packet, 'hex'), null), null, 'too short for it, or damaged');
});

test('AAC: LC in mono and stereo', () => {
  const config = (channels: number, objectType = 2) => {
    const read = parseAacConfig(buildAacConfig({ objectType, sampleRate: 44_100, channels }));
    assert.ok('channels' in read);
    return read;
  };
  const frame = Buffer.alloc(300, 1);
  assert.equal(silenceLike('aac', frame, config(1))?.length, 4);
  assert.equal(silenceLike('aac', frame, config(2))?.length, 6);
  for (const other of [config(6), config(2, 1), null]) assert.equal(silenceLike('aac', frame, other), null);
  assert.equal(silenceLike('mp3', frame, null), null);
});
