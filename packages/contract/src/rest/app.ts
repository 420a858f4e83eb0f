import { type Static, Type } from 'typebox';
import { CLOSED, Id, Name, nullable, PageQuery, pageOf, Time } from './common.ts';

export const SigningKeys = Type.Object(
  {
    main: Type.String({ description: 'New URLs are signed with this one' }),
    backup: nullable(Type.String(), { description: 'Still accepted' }),
  },
  { title: 'SigningKeys' },
);

export const App = Type.Object(
  { id: Id, accountId: Id, name: Name, pushKeys: SigningKeys, playKeys: SigningKeys, createdAt: Time },
  { title: 'App' },
);
export type App = Static<typeof App>;

export const CreateApp = Type.Object({ accountId: Id, name: Name }, { title: 'CreateApp', ...CLOSED });
export type CreateApp = Static<typeof CreateApp>;

export const UpdateApp = Type.Object({ name: Type.Optional(Name) }, { title: 'UpdateApp', ...CLOSED });
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
