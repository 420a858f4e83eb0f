import { Channel, IdParams, SetProgram } from '@lianmai/contract/rest';
import type { Principal } from '../auth/principal.ts';
import { type Api, endpoint } from '../rest/api.ts';
import type { ChannelPrograms } from './channel-programs.ts';

export interface ProgramDeps<C extends { id: string }> {
  programs: ChannelPrograms;
  /** @throws LiveError CHANNEL_NOT_FOUND, also when it is not the caller's. */
  channelOf(id: string, principal: Principal | null): Promise<C>;
  show(channel: C): Channel;
}

/** `/v1/channels/{id}/program`: what viewers of a channel get. */
export function programRoutes<C extends { id: string }>(api: Api, { programs, channelOf, show }: ProgramDeps<C>): void {
  api.put(
    '/v1/channels/:id/program',
    endpoint(
      'app',
      {
        operationId: 'setChannelProgram',
        tag: 'Channels',
        summary: 'Decide what viewers get',
        description:
          "`direct`: the publisher's own stream; `mix`: a mix, as soon as it is there; `picture`: a picture that stands still, whether somebody publishes or not. Viewers keep their connections. While the mixer is away they get the publisher's own stream. `source` of the channel tells what they get now.",
        errors: ['BAD_REQUEST', 'CHANNEL_NOT_FOUND', 'MIX_NOT_FOUND'],
      },
      { params: IdParams, body: SetProgram, response: { 200: Channel } },
    ),
    async ({ params: { id }, body, principal }) => {
      const channel = await channelOf(id, principal);
      // A caller without a right to the channel has been turned away.
      if (principal) await programs.set(principal, channel, body);
      return show(await channelOf(id, principal));
    },
  );
}
