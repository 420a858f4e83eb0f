import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseAudioBody, parseDataBody, parseVideoBody } from '../flv/index.ts';
import { WireError } from '../result.ts';
import {
  ChunkReader,
  dataBody,
  MESSAGE,
  parseCommand,
  parseNumber32,
  parseUserControl,
  type RtmpMessage,
  ServerHandshake,
  splitAggregate,
} from './index.ts';

const LIMITS = { maxMessageBytes: 256 * 1024, maxPartialBytes: 300 * 1024 };

interface Reading {
  /** Names of commands, in order. */
  commands: string[];
  audio: number;
  video: number;
  data: number;
  bodyBytes: number;
  error: WireError | null;
}

/** Everything a server does with a client's bytes, without the server. */
function read(bytes: Buffer, readLength = 4096): Reading {
  const reading: Reading = { commands: [], audio: 0, video: 0, data: 0, bodyBytes: 0, error: null };
  const handshake = new ServerHandshake();
  const reader = new ChunkReader(LIMITS);
  let open = false;
  for (let at = 0; at < bytes.length && reading.error === null; at += readLength) {
    let part = bytes.subarray(at, at + readLength);
    if (!open) {
      const step = handshake.read(part);
      if (step instanceof WireError) return { ...reading, error: step };
      if (step.rest === null) continue;
      open = true;
      part = step.rest;
    }
    reader.push(part);
    reading.error = takeMessages(reader, reading);
    assert.ok(reader.partialBytes <= LIMITS.maxPartialBytes + LIMITS.maxMessageBytes);
  }
  return reading;
}

function takeMessages(reader: ChunkReader, reading: Reading): WireError | null {
  for (;;) {
    const message = reader.next();
    if (message === null || message instanceof WireError) return message;
    reading.bodyBytes += message.body.length;
    const parts = message.type === MESSAGE.aggregate ? splitAggregate(message) : [message];
    if (parts instanceof WireError) return parts;
    for (const part of parts) {
      const error = takeMessage(part, reading);
      if (error !== null) return error;
    }
  }
}

function takeMessage(message: RtmpMessage, reading: Reading): WireError | null {
  const result = parse(message);
  if (result instanceof WireError) return result;
  if (typeof result === 'string') reading.commands.push(result);
  else if (message.type === MESSAGE.audio) reading.audio += 1;
  else if (message.type === MESSAGE.video) reading.video += 1;
  else if (message.type === MESSAGE.dataAmf0) reading.data += 1;
  return null;
}

function parse(message: RtmpMessage): unknown {
  switch (message.type) {
    case MESSAGE.audio:
      return parseAudioBody(message.body, message.timestamp);
    case MESSAGE.video:
      return parseVideoBody(message.body, message.timestamp);
    case MESSAGE.dataAmf0:
    case MESSAGE.dataAmf3: {
      const body = dataBody(message);
      return body instanceof WireError ? body : parseDataBody(body, message.timestamp);
    }
    case MESSAGE.commandAmf0:
    case MESSAGE.commandAmf3: {
      const command = parseCommand(message);
      return command instanceof WireError ? command : command.name;
    }
    case MESSAGE.userControl:
      return parseUserControl(message);
    case MESSAGE.windowAckSize:
      return parseNumber32(message);
    default:
      return null;
  }
}

const PUBLISH = ['connect', 'releaseStream', 'FCPublish', 'createStream', 'publish'];
const GOODBYE = ['FCUnpublish', 'deleteStream'];
const CAPTURES: Record<string, Omit<Reading, 'bodyBytes' | 'error'>> = {
  'ffmpeg-h264-aac': { commands: [...PUBLISH, ...GOODBYE], audio: 89, video: 52, data: 1 },
  'ffmpeg-aac': { commands: [...PUBLISH, ...GOODBYE], audio: 46, video: 0, data: 1 },
  'ffmpeg-play': {
    commands: ['connect', 'createStream', 'getStreamLength', 'play', 'deleteStream'],
    audio: 0,
    video: 0,
    data: 0,
  },
  'ffmpeg8-hevc-opus': { commands: PUBLISH, audio: 103, video: 52, data: 1 },
  'gstreamer-h264-aac': { commands: [...PUBLISH, ...GOODBYE], audio: 88, video: 52, data: 30 },
  'nginx-rtmp-push': { commands: ['connect', 'createStream', 'publish'], audio: 89, video: 52, data: 1 },
};

describe('what real clients send', () => {
  for (const [name, expected] of Object.entries(CAPTURES)) {
    const bytes = readFileSync(new URL(`./fixtures/${name}.rtmp`, import.meta.url));

    test(`${name} is understood to the last message, however it is cut into reads`, () => {
      for (const readLength of [1, 1000, bytes.length]) {
        const { bodyBytes, error, ...reading } = read(bytes, readLength);
        assert.equal(error, null);
        assert.deepEqual(reading, expected);
        assert.ok(bodyBytes < bytes.length);
      }
    });

    test(`${name}, damaged, is read or refused, and never takes more memory than its limits`, () => {
      const damage = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 12 });
      fc.assert(
        fc.property(damage, fc.integer({ min: 100, max: 20_000 }), (changes, readLength) => {
          const damaged = Buffer.from(bytes);
          for (const [at, byte] of changes) damaged[at] = byte;
          const { bodyBytes } = read(damaged, readLength);
          assert.ok(bodyBytes <= bytes.length);
        }),
        { numRuns: 200 },
      );
    });

    test(`${name}, with pieces missing or repeated, is read or refused`, () => {
      const piece = fc.tuple(fc.nat(bytes.length), fc.nat(2000));
      fc.assert(
        fc.property(fc.array(piece, { minLength: 1, maxLength: 20 }), (pieces) => {
          const head = bytes.subarray(0, 1 + 2 * 1536);
          const spliced = Buffer.concat([head, ...pieces.map(([at, length]) => bytes.subarray(at, at + length))]);
          assert.ok(read(spliced).bodyBytes <= spliced.length);
        }),
        { numRuns: 200 },
      );
    });
  }
});
