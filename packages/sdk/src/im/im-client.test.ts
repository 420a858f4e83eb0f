import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { type WebSocket as Peer, WebSocketServer } from 'ws';
import { Backoff } from './backoff.ts';
import { ImClient } from './im-client.ts';

interface Request {
  id?: number;
  method: string;
  params: Record<string, unknown>;
}

/** A server that does what the test says. */
class FakeServer {
  readonly http: Server = createServer((_, response) => response.writeHead(this.status).end());
  readonly sockets = new WebSocketServer({ noServer: true });
  status = 200;
  readonly addresses: URL[] = [];

  async listen(): Promise<string> {
    this.http.on('upgrade', (request: IncomingMessage, socket, head) => {
      if (this.status !== 200) return void socket.end(`HTTP/1.1 ${this.status} no\r\nConnection: close\r\n\r\n`);
      this.addresses.push(new URL(request.url ?? '', 'http://x'));
      this.sockets.handleUpgrade(request, socket, head, (peer) => this.sockets.emit('connection', peer));
    });
    this.http.listen(0, '127.0.0.1');
    await once(this.http, 'listening');
    return this.address;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  async next(ready: object = {}): Promise<{ peer: Peer; requests: Requests }> {
    const [peer] = (await once(this.sockets, 'connection')) as [Peer];
    const requests = new Requests(peer);
    send(peer, 'im.ready', { seq: 1, session: 's1', user: { userId: 'anna' }, rooms: [], reload: false, ...ready });
    return { peer, requests };
  }

  close(): void {
    for (const peer of this.sockets.clients) peer.terminate();
    this.http.close();
  }
}

/** What a client sent, one after the other. */
class Requests {
  readonly #got: Request[] = [];
  readonly #wanted: ((request: Request) => void)[] = [];

  constructor(peer: Peer) {
    peer.on('message', (data) => {
      const request = JSON.parse(String(data)) as Request;
      const wanted = this.#wanted.shift();
      if (wanted) wanted(request);
      else this.#got.push(request);
    });
  }

  next(): Promise<Request> {
    const got = this.#got.shift();
    return got ? Promise.resolve(got) : new Promise((resolve) => this.#wanted.push(resolve));
  }
}

const send = (peer: Peer, method: string, params: object) =>
  peer.send(JSON.stringify({ jsonrpc: '2.0', method, params }));
const answer = (peer: Peer, { id }: Request, result: object) =>
  peer.send(JSON.stringify({ jsonrpc: '2.0', id, result }));

let server: FakeServer;
let client: ImClient;

beforeEach(async () => {
  server = new FakeServer();
  client = new ImClient({ server: await server.listen(), token: 'token' });
});
afterEach(() => {
  client.close();
  server.close();
});

const online = () =>
  new Promise<void>((resolve) => {
    if (client.state === 'online') return resolve();
    const stop = client.on('state', (state) => {
      if (state !== 'online') return;
      stop();
      resolve();
    });
  });

test('a call waits for the connection, and has its answer or the error of the server', async () => {
  const next = server.next();
  client.connect();
  const sent = client.call('room.send', { roomId: 'r', kind: 'text', body: 'hello' });
  const { peer, requests } = await next;
  const request = await requests.next();
  assert.deepEqual([request.method, request.params], ['room.send', { roomId: 'r', kind: 'text', body: 'hello' }]);
  answer(peer, request, { id: 'm1' });
  assert.deepEqual(await sent, { id: 'm1' });
  const refused = client.call('room.leave', { roomId: 'r' });
  const { id } = await requests.next();
  const data = { code: 40300022, name: 'NOT_IN_ROOM', message: 'you are not in this room' };
  peer.send(JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32000, message: data.message, data } }));
  await assert.rejects(refused, { name: 'NOT_IN_ROOM', code: 40300022 });
});

test('after a break it comes back with its seq and session; what comes twice is told once', async () => {
  let next = server.next();
  client.connect();
  const { peer } = await next;
  const heard: unknown[] = [];
  client.on('room.message', ({ body }) => heard.push(body));
  await online();
  send(peer, 'room.message', { seq: 7, roomId: 'r', body: 'one' });
  send(peer, 'room.message', { seq: 9, roomId: 'r', body: 'two' });
  next = server.next({ seq: 9, session: 's2' });
  await new Promise<void>((resolve) => {
    client.on('room.message', ({ seq }) => seq === 9 && resolve());
  });
  peer.terminate();
  const { peer: again } = await next;
  const query = server.addresses[1]?.searchParams;
  assert.deepEqual([query?.get('seq'), query?.get('session'), query?.get('token')], ['9', 's1', 'token']);
  const three = new Promise<void>((resolve) => {
    client.on('room.message', ({ body }) => body === 'three' && resolve());
  });
  send(again, 'room.message', { seq: 9, roomId: 'r', body: 'two' });
  send(again, 'room.message', { seq: 12, roomId: 'r', body: 'three' });
  await three;
  assert.deepEqual(heard, ['one', 'two', 'three']);
});

test('rooms that the server does not know any more are entered anew, and whoever shows them is told', async () => {
  let next = server.next();
  client.connect();
  const first = await next;
  const entering = client.call('room.enter', { roomId: 'r' });
  answer(first.peer, await first.requests.next(), { seq: 5, messages: [] });
  await entering;
  const reload = new Promise<{ rooms: { roomId: string }[] }>((resolve) => {
    client.on('reload', resolve);
  });
  next = server.next({ reload: true });
  first.peer.terminate();
  const second = await next;
  const request = await second.requests.next();
  assert.deepEqual([request.method, request.params], ['room.enter', { roomId: 'r' }]);
  answer(second.peer, request, { seq: 20, messages: [] });
  assert.deepEqual(
    (await reload).rooms.map(({ roomId }) => roomId),
    ['r'],
  );
});

test('signals are acknowledged together, and told once', async () => {
  const next = server.next();
  client.connect();
  const { peer, requests } = await next;
  await online();
  const heard: unknown[] = [];
  client.on('cohost.requested', (params) => heard.push(params));
  for (const signalId of ['a', 'b', 'a']) send(peer, 'cohost.requested', { seq: 30, signalId });
  const { method, params } = await requests.next();
  assert.equal(method, 'im.ack');
  assert.deepEqual(params, { signalIds: ['a', 'b', 'a'] });
  assert.equal(heard.length, 2);
});

test('a call that was sent fails when the connection breaks: it may have happened', async () => {
  const next = server.next();
  client.connect();
  const { peer, requests } = await next;
  await online();
  const call = client.call('room.send', { roomId: 'r', kind: 'text', body: 'x' });
  await requests.next();
  peer.terminate();
  await assert.rejects(call, { name: 'OFFLINE' });
});

test('a token that is not good is not tried again', async () => {
  server.status = 401;
  const refused = new Promise<void>((resolve) => {
    client.on('state', (state) => state === 'unauthenticated' && resolve());
  });
  client.connect();
  await refused;
  await assert.rejects(client.call('im.ping', {}), { name: 'OFFLINE' });
});

test('an unanswered call ends', async () => {
  const silent = new FakeServer();
  const impatient = new ImClient({ server: await silent.listen(), token: 't', timeoutMs: 5 });
  impatient.connect();
  await assert.rejects(impatient.call('im.ping', {}), { name: 'TIMED_OUT' });
  impatient.close();
  silent.close();
});

test('it waits longer each time, never all at once, never for ever', () => {
  const most = new Backoff(() => 1);
  const waits = Array.from({ length: 8 }, () => most.nextMs());
  assert.deepEqual(waits.slice(0, 5), [500, 1000, 2000, 4000, 8000]);
  assert.equal(Math.max(...waits), 15_000);
  assert.equal(new Backoff(() => 0).nextMs(), 250);
});

test('who is not logged in says who its browser is, and enters rooms again like anybody', async () => {
  client = new ImClient({ server: server.address, visitor: 'browser-1' });
  const connected = server.next({ user: null });
  client.connect();
  const first = await connected;
  const [address] = server.addresses;
  assert.deepEqual([address?.searchParams.get('token'), address?.searchParams.get('visitor')], [null, 'browser-1']);
  const entering = client.call('room.enter', { roomId: 'r' });
  answer(first.peer, await first.requests.next(), { seq: 5 });
  await entering;
  const reconnected = server.next({ user: null, session: 's2', reload: true });
  first.peer.terminate();
  const again = await reconnected;
  assert.deepEqual((await again.requests.next()).params, { roomId: 'r' });
});
