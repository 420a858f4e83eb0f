import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyFrameDetector } from './key-frame.ts';

function packet(sequence: number, timestamp: number, marker: boolean, ...payload: number[]): Buffer {
  const header = Buffer.alloc(12);
  header[0] = 0x80;
  header[1] = marker ? 0x80 | 96 : 96;
  header.writeUInt16BE(sequence, 2);
  header.writeUInt32BE(timestamp, 4);
  return Buffer.concat([header, Buffer.of(...payload)]);
}

const begin = [0x7c, 0x85];
const middle = [0x7c, 0x05];
const inter = [0x41, 0x9a];

test('a key frame in fragments is whole with its marker', () => {
  const detector = new KeyFrameDetector();
  const packets = [
    packet(65534, 7, false, ...begin),
    packet(65535, 7, false, ...middle),
    packet(0, 7, true, ...middle),
  ];
  assert.deepEqual(
    packets.map((one) => detector.add(one)),
    [false, false, true],
  );
});

test('a key frame together with its parameter sets is seen', () => {
  const sets = [0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 1, 0, 2, 0x65, 1];
  assert.equal(new KeyFrameDetector().add(packet(1, 7, true, ...sets)), true);
});

test('a header extension is passed over', () => {
  const extended = packet(1, 7, true, 0xbe, 0xde, 0, 1, 1, 2, 3, 4, 0x65, 1);
  extended[0] = 0x90;
  assert.equal(new KeyFrameDetector().add(extended), true);
});

test('neither other pictures nor a key frame with a hole count', () => {
  const detector = new KeyFrameDetector();
  const packets = [
    ...[packet(1, 7, true, ...inter), packet(2, 8, false, ...begin), packet(4, 8, true, ...middle)],
    packet(5, 9, true, ...inter),
  ];
  assert.deepEqual(
    packets.map((one) => detector.add(one)),
    [false, false, false, false],
  );
});
