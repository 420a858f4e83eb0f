import { type Static, Type } from 'typebox';
import { CLOSED, Id, Name, nullable, PageQuery, pageOf, Time } from './shapes.ts';

export const SigningKeys = Type.Object(
  {
    main: Type.String({ description: 'New ones are signed with this one' }),
    backup: nullable(Type.String(), { description: 'Still accepted' }),
  },
  { title: 'SigningKeys' },
);

const RoomQuota = Type.Integer({
  minimum: 0,
  maximum: 1_000_000,
  description: 'Rooms of its users that may be open at once; their channels do not count as channels of the account',
});

export const App = Type.Object(
  {
    id: Id,
    accountId: Id,
    name: Name,
    pushKeys: SigningKeys,
    playKeys: SigningKeys,
    sdkAppId: Type.Integer({ examples: [1400000000], description: 'The number that UserSigs name the app by' }),
    secretKeys: SigningKeys,
    roomQuota: RoomQuota,
    createdAt: Time,
  },
  { title: 'App' },
);
export type App = Static<typeof App>;

export const CreateApp = Type.Object({ accountId: Id, name: Name }, { title: 'CreateApp', ...CLOSED });
export type CreateApp = Static<typeof CreateApp>;

export const UpdateApp = Type.Object(
  { name: Type.Optional(Name), roomQuota: Type.Optional(RoomQuota) },
  { title: 'UpdateApp', ...CLOSED },
);
export type UpdateApp = Static<typeof UpdateApp>;

export const AppList = pageOf(App, 'AppList');
export const AppQuery = Type.Object({ ...PageQuery.properties, accountId: Type.Optional(Id) }, CLOSED);

export const ApiKey = Type.Object(
  {
    id: Id,
    name: Name,
    hint: Type.String({ description: "The key's last characters" }),
    createdAt: Time,
  },
  { title: 'ApiKey' },
);
export type ApiKey = Static<typeof ApiKey>;

export const CreatedApiKey = Type.Object(
  { ...ApiKey.properties, key: Type.String({ description: 'Shown this once' }) },
  { title: 'CreatedApiKey' },
);

export const CreateApiKey = Type.Object({ name: Name }, { title: 'CreateApiKey', ...CLOSED });
export const ApiKeyList = pageOf(ApiKey, 'ApiKeyList');
export const ApiKeyParams = Type.Object({ id: Id, keyId: Id }, CLOSED);
