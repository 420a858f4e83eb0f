import { type Static, Type } from 'typebox';
import { Gift, IM_LONGEST_TEXT, IM_METHODS } from '../im.ts';
import { UserId } from './conference.ts';
import { CLOSED, Id, PageQuery } from './shapes.ts';

/** What an operator or an app does in rooms' chat by REST; users do the same and more over the WebSocket (../im.ts). */

export const SendNotice = Type.Object(
  { text: Type.String({ minLength: 1, maxLength: IM_LONGEST_TEXT, examples: ['The show goes on in five minutes'] }) },
  { title: 'SendNotice', ...CLOSED },
);
export const SentNotice = Type.Object({ id: Type.String() }, { title: 'SentNotice' });

export const RoomMembers = IM_METHODS['room.members'].result;
export const RoomMembersQuery = Type.Object(PageQuery.properties, CLOSED);

export const RoomMemberParams = Type.Object({ id: Id, userId: UserId }, CLOSED);
export const Sanction = Type.Object(
  {
    seconds: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 365 * 86_400, description: 'Default: until it is lifted' }),
    ),
  },
  { title: 'Sanction', ...CLOSED },
);

export const ChatRules = Type.Object(
  {
    words: Type.Array(Type.String({ minLength: 1, maxLength: 50 }), {
      maxItems: 10_000,
      description: 'Replaced by stars in texts, whatever their case, width and accents',
    }),
    gifts: Type.Array(Gift, { maxItems: 100, description: 'What can be given in rooms' }),
  },
  { title: 'ChatRules', ...CLOSED },
);
export type ChatRules = Static<typeof ChatRules>;
export const ChangeChatRules = Type.Partial(ChatRules, { title: 'ChangeChatRules', ...CLOSED });
