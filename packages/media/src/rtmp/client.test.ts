import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { WireError } from '../result.ts';
import {
  ChunkReader,
  command,
  onStatus,
  parseCommand,
  RtmpClient,
  type RtmpClientEvent,
  type RtmpMessage,
  ServerHandshake,
  setChunkSize,
  USER_CONTROL,
  userControl,
  windowAckSize,
  writeMessage,
} from './index.ts';

/** A server that answers what it is told to and remembers what it was asked. */
class ScriptedServer {
  readonly asked: string[] = [];
  readonly #handshake = new ServerHandshake();
  readonly #reader = new ChunkReader({ maxMessageBytes: 100_000 });
  readonly #answers: (name: string, transactionId: number) => RtmpMessage[];
  #open = false;

  constructor(answers: (name: string, transactionId: number) => RtmpMessage[]) {
    this.#answers = answers;
  }

  read(bytes: Buffer): Buffer {
    if (this.#open) return this.#messages(bytes);
    const step = this.#handshake.read(bytes);
    assert.ok(!(step instanceof WireError));
    if (step.rest === null) return step.send;
    this.#open = true;
    return Buffer.concat([step.send, this.#messages(step.rest)]);
  }

  #messages(bytes: Buffer): Buffer {
    this.#reader.push(bytes);
    const out: Buffer[] = [];
    for (let message = this.#reader.next(); message !== null; message = this.#reader.next()) {
      assert.ok(!(message instanceof WireError));
      if (message.type !== 20) {
        this.asked.push(`type ${message.type}`);
        continue;
      }
      const read = parseCommand(message);
      assert.ok(!(read instanceof WireError));
      this.asked.push(read.name);
      for (const answer of this.#answers(read.name, read.transactionId)) out.push(writeMessage(answer, 3, 128));
    }
    return Buffer.concat(out);
  }
}

/** Lets client and server talk until neither has more to say; the client's other events. */
function converse(client: RtmpClient, server: ScriptedServer): Exclude<RtmpClientEvent, { kind: 'send' }>[] {
  const events: Exclude<RtmpClientEvent, { kind: 'send' }>[] = [];
  for (let event = client.next(); event !== null; event = client.next()) {
    assert.ok(!(event instanceof WireError), event instanceof WireError ? event.message : '');
    if (event.kind === 'send') client.push(server.read(event.bytes));
    else events.push(event);
  }
  return events;
}

const options = { tcUrl: 'rtmp://127.0.0.1/live', app: 'live', stream: 'cam?k=1' };
const usual = (name: string, id: number): RtmpMessage[] => {
  if (name === 'connect') return [windowAckSize(1000), setChunkSize(128), command('_result', id, [{}, {}])];
  if (name === 'createStream') return [command('_result', id, [null, 7])];
  if (name === 'publish') return [onStatus(7, 'status', 'NetStream.Publish.Start', '')];
  if (name === 'play') return [onStatus(7, 'status', 'NetStream.Play.Start', '')];
  return [];
};

describe('a client', () => {
  test('publishes: asks in order, then writes frames to the stream it was given', () => {
    const client = new RtmpClient({ role: 'publish', ...options });
    const server = new ScriptedServer(usual);
    assert.deepEqual(
      converse(client, server).map((event) => event.kind),
      ['status', 'ready'],
    );
    assert.deepEqual(server.asked, ['connect', 'releaseStream', 'FCPublish', 'createStream', 'publish']);
    const bytes = client.write({ track: 'audio', codec: 'aac', type: 'key', dts: 5, cts: 0, data: Buffer.alloc(3) });
    assert.equal(bytes.readUInt32LE(8), 7);
    server.read(client.goodbye());
    assert.deepEqual(server.asked.slice(5), ['FCUnpublish', 'deleteStream']);
  });

  test('plays: hands out media, answers pings, acknowledges bytes', () => {
    const media = { type: 8, streamId: 7, timestamp: 3, body: Buffer.alloc(2000, 9) };
    const ping = userControl(USER_CONTROL.pingRequest, 1);
    const server = new ScriptedServer((name, id) => [...usual(name, id), ...(name === 'play' ? [ping, media] : [])]);
    const client = new RtmpClient({ role: 'play', ...options });
    assert.deepEqual(converse(client, server).at(-1), { kind: 'message', message: media });
    assert.deepEqual(server.asked, ['connect', 'type 5', 'createStream', 'play', 'type 4', 'type 3', 'type 4']);
  });

  test('tells why it was refused', () => {
    const refusal = { level: 'error', code: 'NetConnection.Connect.Rejected', description: 'no' };
    const server = new ScriptedServer((_, id) => [command('_error', id, [null, refusal])]);
    const events = converse(new RtmpClient({ role: 'publish', ...options }), server);
    assert.deepEqual(events, [{ kind: 'status', ...refusal }]);
  });

  test('goes on when the server does not know releaseStream', () => {
    const server = new ScriptedServer((name, id) =>
      name === 'releaseStream' ? [command('_error', id, [null, null])] : usual(name, id),
    );
    const events = converse(new RtmpClient({ role: 'publish', ...options }), server);
    assert.equal(events.at(-1)!.kind, 'ready');
  });

  test('reports a server that does not speak RTMP', () => {
    const client = new RtmpClient({ role: 'play', ...options });
    client.next();
    client.push(Buffer.from('HTTP/1.1 400 Bad Request'));
    assert.ok(client.next() instanceof WireError);
  });
});
