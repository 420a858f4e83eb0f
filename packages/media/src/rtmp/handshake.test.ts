import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { WireError } from '../result.ts';
import { CLIENT_KEY, DIGEST_PLACES, findDigest, HANDSHAKE_BYTES, SERVER_KEY, signedBlock } from './digest.ts';
import { ClientHandshake, type HandshakeStep, ServerHandshake } from './index.ts';

const capture = (name: string) => readFileSync(new URL(`./fixtures/${name}.rtmp`, import.meta.url));
const VERSION = Buffer.of(3);

function step(result: HandshakeStep | WireError): HandshakeStep {
  assert.ok(!(result instanceof WireError), result instanceof WireError ? result.message : '');
  return result;
}

describe('the handshake', () => {
  test('between our client and our server is signed by both, and leaves what follows', () => {
    const client = new ClientHandshake();
    const server = new ServerHandshake();
    const { send, rest } = step(server.read(client.hello));
    assert.equal(rest, null);
    assert.ok(findDigest(send.subarray(1, 1 + HANDSHAKE_BYTES), SERVER_KEY));

    const answered = step(client.read(Buffer.concat([send, Buffer.from('more')])));
    assert.deepEqual(answered.rest, Buffer.from('more'));
    assert.deepEqual(
      step(server.read(Buffer.concat([answered.send, Buffer.from('first')]))).rest,
      Buffer.from('first'),
    );
  });

  test('works byte by byte', () => {
    const client = new ClientHandshake();
    const server = new ServerHandshake();
    const sent: Buffer[] = [];
    for (const byte of client.hello) sent.push(step(server.read(Buffer.of(byte))).send);
    const answers: Buffer[] = [];
    for (const byte of Buffer.concat(sent)) answers.push(step(client.read(Buffer.of(byte))).send);
    const c2 = Buffer.concat(answers);
    assert.equal(c2.length, HANDSHAKE_BYTES);
    const rests = [...c2].map((byte) => step(server.read(Buffer.of(byte))).rest);
    assert.deepEqual(
      rests.findIndex((rest) => rest !== null),
      HANDSHAKE_BYTES - 1,
    );
  });

  test('repeats what a plain client sent', () => {
    const c1 = Buffer.alloc(HANDSHAKE_BYTES, 7).fill(0, 0, 8);
    const { send } = step(new ServerHandshake().read(Buffer.concat([VERSION, c1])));
    assert.equal(send.length, 1 + 2 * HANDSHAKE_BYTES);
    assert.equal(send[0], 3);
    assert.deepEqual(send.subarray(1, 9), Buffer.alloc(8));
    assert.deepEqual(send.subarray(1 + HANDSHAKE_BYTES), c1);
  });

  test('repeats what a client with a wrong digest sent', () => {
    const c1 = signedBlock(CLIENT_KEY, DIGEST_PLACES[0], 1);
    c1[1000] = ~c1[1000]!;
    c1[500] = ~c1[500]!;
    const { send } = step(new ServerHandshake().read(Buffer.concat([VERSION, c1])));
    assert.deepEqual(send.subarray(1 + HANDSHAKE_BYTES), c1);
  });

  for (const place of DIGEST_PLACES) {
    test(`finds a digest announced at byte ${place} and signs at the same place`, () => {
      const c1 = signedBlock(CLIENT_KEY, place, 1);
      const { send } = step(new ServerHandshake().read(Buffer.concat([VERSION, c1])));
      assert.equal(findDigest(send.subarray(1, 1 + HANDSHAKE_BYTES), SERVER_KEY)?.place, place);
    });
  }

  for (const name of ['ffmpeg-h264-aac', 'ffmpeg-play', 'ffmpeg8-hevc-opus', 'nginx-rtmp-push']) {
    test(`knows the digest of ${name}`, () => {
      const c1 = capture(name).subarray(1, 1 + HANDSHAKE_BYTES);
      assert.ok(findDigest(c1, CLIENT_KEY));
    });
  }

  for (const [name, bytes] of [
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n')],
    ['TLS', Buffer.of(22, 3, 1)],
    ['encrypted RTMP', Buffer.of(6)],
  ] as const) {
    test(`ends at the first byte of ${name}`, () => {
      const result = new ServerHandshake().read(bytes);
      assert.ok(result instanceof WireError);
      assert.match(result.message, /RTMP version 3, got \d+/);
    });
  }
});
