import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { spawnWithFiles, stop } from '../processes.ts';
import { API_KEY, lianmai } from './lianmai.ts';

/** A server with one chat room, and how one becomes a member of it; ended by disposing it. */
export interface ChatServer extends AsyncDisposable {
  /** All its processes: what they use is what it costs. */
  readonly pids: readonly number[];
  /** The one that holds the sockets. */
  readonly worker: number;
  readonly port: number;
  /** As chat-load takes them. */
  readonly member: { path: string; tokens?: string; hello?: string; ready?: string; say: string };
}

export interface ChatPeer {
  readonly name: string;
  /** Ready for so many members. */
  start(members: number): Promise<ChatServer>;
}

/** As people chat: some words, and the time the load generator looks for. */
const SAID = 'good evening from the load generator %T';
/** Users made at once. */
const AT_ONCE = 8;

const ours: ChatPeer = {
  name: 'lianmai',
  async start(members) {
    const server = await lianmai.start(null);
    const folder = await mkdtemp(join(tmpdir(), 'bench-chat-'));
    const end = async () => {
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    };
    try {
      const http = `http://127.0.0.1:${server.httpPort}`;
      const tokens: string[] = [];
      for (let i = 0; i < members; i += AT_ONCE)
        tokens.push(
          ...(await Promise.all(
            Array.from({ length: Math.min(AT_ONCE, members - i) }, (_, j) => newToken(http, i + j)),
          )),
        );
      const { id: roomId } = await post<{ id: string }>(http, '/v1/rooms', { title: 'Benchmark' }, tokens[0]!);
      const file = join(folder, 'tokens');
      await writeFile(file, `${tokens.join('\n')}\n`);
      const rpc = (call: object) => JSON.stringify({ jsonrpc: '2.0', ...call });
      return {
        pids: server.pids,
        worker:
          server.pids.find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('edge-0')) ?? server.pids[0]!,
        port: server.httpPort!,
        member: {
          path: '/v1/im?token=',
          tokens: file,
          hello: rpc({ id: 1, method: 'room.enter', params: { roomId } }),
          ready: '"gifts":[',
          say: rpc({ method: 'room.send', params: { roomId, kind: 'text', body: SAID } }),
        },
        [Symbol.asyncDispose]: end,
      };
    } catch (error) {
      await end();
      throw error;
    }
  },
};

const newToken = async (http: string, i: number): Promise<string> =>
  (await post<{ token: string }>(http, '/v1/users/token', { userId: `bench-${i}`, nickname: `Member ${i}` }, API_KEY))
    .token;

async function post<T>(http: string, path: string, body: object, key: string): Promise<T> {
  const answer = await fetch(http + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`POST ${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** A room of another library, in a process of its own. */
function roomOf(name: string, script: string, member: ChatServer['member']): ChatPeer {
  return {
    name,
    async start() {
      const child = spawnWithFiles(process.execPath, [join(import.meta.dirname, script)], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      const [port] = await once(createInterface({ input: child.stdout! }), 'line');
      return {
        pids: [child.pid!],
        worker: child.pid!,
        port: Number(port),
        member,
        [Symbol.asyncDispose]: () => stop(child),
      };
    },
  };
}

const PEERS: readonly ChatPeer[] = [
  ours,
  roomOf('socket.io', 'socket-io-room.ts', {
    path: '/socket.io/?EIO=4&transport=websocket',
    hello: '40',
    ready: '40{"sid"',
    say: `42${JSON.stringify(['message', SAID])}`,
  }),
  roomOf('ws', 'ws-room.ts', { path: '/', say: SAID }),
];

/** @throws Error when none of the names is one of these. */
export function chooseChatPeers(names: readonly string[] | null): readonly ChatPeer[] {
  const chosen = PEERS.filter(({ name }) => names?.includes(name) ?? true);
  if (chosen.length === 0) throw new Error(`--servers takes ${PEERS.map(({ name }) => name).join(', ')}`);
  return chosen;
}
