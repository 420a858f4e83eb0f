import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type AmfValue, decodeAmf0, encodeAmf0 } from '../amf/index.ts';
import { parseDataBody } from '../flv/index.ts';
import type { Frame } from '../frame.ts';
import { WireError } from '../result.ts';
import {
  acknowledgement,
  ChunkReader,
  command,
  dataBody,
  MESSAGE,
  onStatus,
  parseCommand,
  parseNumber32,
  parseUserControl,
  type RtmpMessage,
  setBufferLength,
  setChunkSize,
  setPeerBandwidth,
  splitAggregate,
  USER_CONTROL,
  userControl,
  windowAckSize,
  writeFrame,
  writeMessage,
} from './index.ts';

const message = (type: number, body: Buffer, timestamp = 0): RtmpMessage => ({ type, streamId: 1, timestamp, body });
const amf3 = (...parts: Buffer[]) => Buffer.concat([Buffer.of(0), ...parts]);

describe('commands', () => {
  test('are read as they were written', () => {
    const read = parseCommand(command('publish', 5, [null, 'cam?a=b', 'live'], 1));
    assert.deepEqual(read, { name: 'publish', transactionId: 5, args: [null, 'cam?a=b', 'live'] });
  });

  test('of AMF3 are AMF0 behind a zero byte, with AMF3 values among them', () => {
    const values = encodeAmf0(['connect', 1]);
    const object = Buffer.from('110a0b01076170700609 6c697665 01'.replaceAll(' ', ''), 'hex');
    const read = parseCommand(message(MESSAGE.commandAmf3, amf3(values, object)));
    assert.ok(!(read instanceof WireError));
    assert.equal(read.name, 'connect');
    assert.deepEqual({ ...(read.args[0] as object) }, { app: 'live' });
  });

  test('of AMF3 are read without the zero byte as well', () => {
    const read = parseCommand(message(MESSAGE.commandAmf3, encodeAmf0(['play', 0])));
    assert.deepEqual(read, { name: 'play', transactionId: 0, args: [] });
  });

  test('without a transaction id have the id 0', () => {
    const read = parseCommand(message(MESSAGE.commandAmf0, encodeAmf0(['closeStream'])));
    assert.deepEqual(read, { name: 'closeStream', transactionId: 0, args: [] });
  });

  for (const [name, values] of [
    ['no name', []],
    ['a number for a name', [1, 1]],
    ['a text for a transaction id', ['connect', 'x']],
  ] as [string, AmfValue[]][]) {
    test(`with ${name} are an error`, () => {
      assert.ok(parseCommand(message(MESSAGE.commandAmf0, encodeAmf0(values))) instanceof WireError);
    });
  }

  test('tell a status the way RTMP clients expect it', () => {
    const read = parseCommand(onStatus(1, 'error', 'NetStream.Publish.BadName', 'taken'));
    assert.ok(!(read instanceof WireError));
    assert.deepEqual(read.args[0], null);
    const info = { level: 'error', code: 'NetStream.Publish.BadName', description: 'taken' };
    assert.deepEqual({ ...(read.args[1] as object) }, info);
  });
});

describe('data messages', () => {
  test('of AMF0 are taken as they are', () => {
    const body = encodeAmf0(['onMetaData', {}]);
    assert.equal(dataBody(message(MESSAGE.dataAmf0, body)), body);
  });

  test('of AMF3 are written anew as AMF0', () => {
    const metadata = amf3(
      encodeAmf0(['@setDataFrame', 'onMetaData']),
      Buffer.from('110a0b010377048168 01'.replaceAll(' ', ''), 'hex'),
    );
    const body = dataBody(message(MESSAGE.dataAmf3, metadata));
    assert.ok(Buffer.isBuffer(body));
    const frame = parseDataBody(body, 0);
    assert.ok(frame !== null && !(frame instanceof WireError));
    assert.equal(frame.data.toString('hex'), encodeAmf0(['onMetaData', { w: 232 }]).toString('hex'));
  });

  test('of AMF3 that hold themselves are an error', () => {
    const cycle = amf3(encodeAmf0(['onMetaData']), Buffer.from('110903 01 0900'.replaceAll(' ', ''), 'hex'));
    assert.ok(dataBody(message(MESSAGE.dataAmf3, cycle)) instanceof WireError);
  });

  test('of AMF3 that would grow without end are an error', () => {
    // Each array holds the one before it twice: 2^28 values in 200 bytes.
    const levels = Array.from({ length: 28 }, (_, i) => Buffer.of(9, 5, 1, 9, 2 * (i + 1), 9, 2 * (i + 1)));
    const nested = Buffer.concat([Buffer.of(0x11, 9, 1 + 2 * 29, 1, 9, 1, 1), ...levels]);
    assert.ok(Array.isArray(decodeAmf0(nested)));
    assert.ok(dataBody(message(MESSAGE.dataAmf3, amf3(encodeAmf0(['x']), nested))) instanceof WireError);
  });
});

describe('control messages', () => {
  test('carry their numbers', () => {
    assert.equal(parseNumber32(windowAckSize(2_500_000)), 2_500_000);
    assert.equal(parseNumber32(acknowledgement(2 ** 32 + 5)), 5);
    assert.equal(setChunkSize(65_536).body.toString('hex'), '00010000');
    assert.equal(setPeerBandwidth(2_500_000, 2).body.toString('hex'), '002625a002');
    assert.equal(setBufferLength(1, 3000).body.toString('hex'), '00030000000100000bb8');
    assert.deepEqual(parseUserControl(userControl(USER_CONTROL.pingRequest, 77)), { event: 6, value: 77 });
  });

  test('that are cut short are errors', () => {
    assert.ok(parseNumber32(message(MESSAGE.windowAckSize, Buffer.alloc(3))) instanceof WireError);
    assert.ok(parseUserControl(message(MESSAGE.userControl, Buffer.alloc(1))) instanceof WireError);
  });
});

describe('aggregate messages', () => {
  const part = (type: number, timestamp: number, body: Buffer) => {
    const header = Buffer.alloc(11);
    header[0] = type;
    header.writeUIntBE(body.length, 1, 3);
    header.writeUIntBE(timestamp & 0xffffff, 4, 3);
    header[7] = timestamp >>> 24;
    const back = Buffer.alloc(4);
    back.writeUInt32BE(11 + body.length);
    return Buffer.concat([header, body, back]);
  };

  test('are taken apart, their times moved to that of the aggregate', () => {
    const body = Buffer.concat([
      part(8, 0x01000010, Buffer.from('a')),
      part(9, 0x01000020, Buffer.from('v')),
      part(18, 0x01000020, Buffer.alloc(0)),
    ]);
    assert.deepEqual(splitAggregate(message(MESSAGE.aggregate, body, 5000)), [
      message(8, Buffer.from('a'), 5000),
      message(9, Buffer.from('v'), 5016),
      message(18, Buffer.alloc(0), 5016),
    ]);
  });

  test('may lack the last back pointer', () => {
    const body = part(8, 0, Buffer.from('a')).subarray(0, -4);
    assert.deepEqual(splitAggregate(message(MESSAGE.aggregate, body)), [message(8, Buffer.from('a'))]);
  });

  test('with a part longer than the rest are an error', () => {
    const body = part(8, 0, Buffer.alloc(100)).subarray(0, 50);
    assert.ok(splitAggregate(message(MESSAGE.aggregate, body)) instanceof WireError);
  });
});

describe('frames', () => {
  const frame: Frame = {
    track: 'video',
    codec: 'h264',
    type: 'key',
    dts: 2 ** 32 + 40.4,
    cts: 80,
    data: Buffer.from('000000 picture'),
  };

  test('become messages with the body header of their codec', () => {
    const reader = new ChunkReader({ maxMessageBytes: 1000 });
    reader.push(Buffer.concat([writeMessage(setChunkSize(4), 2, 128), writeFrame(frame, 1, 4)]));
    const read = reader.next();
    assert.ok(read !== null && !(read instanceof WireError));
    assert.equal(read.type, MESSAGE.video);
    assert.equal(read.timestamp, 40);
    assert.equal(read.body.toString('latin1'), `\x17\x01\x00\x00\x50${frame.data.toString('latin1')}`);
  });

  test('past 4.6 hours carry an extended timestamp in each chunk', () => {
    const bytes = writeFrame({ ...frame, dts: 0x01020304, data: Buffer.alloc(10) }, 1, 8);
    assert.equal(bytes.subarray(0, 16).toString('hex'), '06ffffff00000f090100000001020304');
    assert.equal(bytes.subarray(24, 29).toString('hex'), 'c601020304');
  });
});
