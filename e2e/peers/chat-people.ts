import type { Lianmai } from '../lianmai.ts';
import { Rest } from '../rest.ts';
import { ChatClient } from './chat-client.ts';

/** A server's users by their ids: each is there when it is first asked for, with a nickname in capitals. */
export class ChatPeople {
  readonly #server: () => Lianmai;
  readonly #tokens = new Map<string, string>();

  /** @param server that runs when somebody is asked for. */
  constructor(server: () => Lianmai) {
    this.#server = server;
  }

  tokenOf = async (userId: string, nickname = userId.toUpperCase()): Promise<string> => {
    const known = this.#tokens.get(userId);
    if (known) return known;
    const issued = { userId, nickname };
    const { token } = await this.#server().rest.ok<{ token: string }>('POST', '/v1/users/token', issued);
    this.#tokens.set(userId, token);
    return token;
  };

  /** @returns its id. */
  openRoom = async (anchor: string, title = 'Songs'): Promise<string> => {
    const rest = new Rest(this.#server().http, await this.tokenOf(anchor));
    return (await rest.ok<{ id: string }>('POST', '/v1/rooms', { title })).id;
  };

  connect = async (userId: string, query = ''): Promise<ChatClient> =>
    ChatClient.connect(this.#server().http, await this.tokenOf(userId), query);

  enter = async (userId: string, roomId: string): Promise<ChatClient> => {
    const client = await this.connect(userId);
    await client.call('room.enter', { roomId });
    return client;
  };
}
