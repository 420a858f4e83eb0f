import { type Static, Type } from 'typebox';
import { UserId } from './conference.ts';
import { CLOSED, Id, nullable, Time } from './shapes.ts';

/** Visible text on one line: no control characters, nothing that turns the reading direction around, not only blanks. */
export const VISIBLE_TEXT =
  '^(?=.*[^\\s\\u200b-\\u200f\\u2060\\ufeff])[^\\u0000-\\u001f\\u007f-\\u009f\\u2028-\\u202e\\u2066-\\u2069]+$';

export const Nickname = Type.String({ minLength: 1, maxLength: 32, pattern: VISIBLE_TEXT, examples: ['Anna'] });

/** How a picture is given: by its id in the server's storage, by its address there, or by an address elsewhere. */
export const PictureRef = Type.String({
  pattern: '^(https?://[\\x21-\\x7e]{1,500}|/v1/pictures/[A-Za-z0-9_-]{1,128}|[A-Za-z0-9_-]{1,128})$',
  description: "The id that `POST /v1/pictures` answers with, or any picture's http(s) address",
  examples: ['https://example.org/anna.jpg'],
});
/** How a picture is shown. */
export const PictureUrl = Type.String({
  description: 'An address; when it begins with `/`, one of this server',
  examples: ['/v1/pictures/p_8f2c'],
});

const Password = Type.String({
  minLength: 8,
  maxLength: 128,
  format: 'password',
  description: '8 to 128 characters, any',
});

/** What anybody may know of a user. */
export const UserProfile = Type.Object(
  { userId: UserId, nickname: Type.String(), avatar: nullable(PictureUrl) },
  { title: 'UserProfile' },
);
export type UserProfile = Static<typeof UserProfile>;

/** A user as it sees itself. */
export const OwnProfile = Type.Object(
  {
    ...UserProfile.properties,
    appId: Id,
    hasPassword: Type.Boolean({ description: 'Logs in with a nickname and a password' }),
    room: nullable(Id, { description: 'Its room that is open; null: none is' }),
    createdAt: Time,
  },
  { title: 'OwnProfile' },
);
export type OwnProfile = Static<typeof OwnProfile>;

const Token = Type.String({
  description: 'Calls of the user carry it: `Authorization: Bearer <token>`; good for 30 days',
});
const SdkAppId = Type.Integer({
  minimum: 1,
  examples: [1400000000],
  description: 'The number of the app that UserSigs are for',
});

/** Whoever logged in. */
export const UserSession = Type.Object(
  { token: Token, expiresAt: Time, sdkAppId: SdkAppId, user: OwnProfile },
  { title: 'UserSession' },
);
export type UserSession = Static<typeof UserSession>;

export const RegisterUser = Type.Object(
  { nickname: Nickname, password: Password, userId: Type.Optional(UserId), avatar: Type.Optional(PictureRef) },
  { title: 'RegisterUser', ...CLOSED },
);
export type RegisterUser = Static<typeof RegisterUser>;

const UserSig = Type.String({
  minLength: 16,
  maxLength: 4096,
  description: "Made by TLSSigAPIv2 with the app's secret key",
});

export const LogIn = Type.Object(
  {
    userId: Type.Optional(UserId),
    nickname: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    password: Type.Optional(Type.String({ minLength: 1, maxLength: 128, format: 'password' })),
    userSig: Type.Optional(UserSig),
    sdkAppId: Type.Optional(SdkAppId),
  },
  {
    title: 'LogIn',
    description:
      'Either `userId` or `nickname` with `password`, or `userSig`, alone or with the `userId` and `sdkAppId` it is for.',
    ...CLOSED,
  },
);
export type LogIn = Static<typeof LogIn>;

export const IssueToken = Type.Object(
  {
    userId: UserId,
    nickname: Type.Optional(Nickname),
    avatar: Type.Optional(nullable(PictureRef)),
    appId: Type.Optional(Id),
  },
  { title: 'IssueToken', ...CLOSED },
);
export type IssueToken = Static<typeof IssueToken>;

export const IssuedToken = Type.Object(
  {
    token: Token,
    userSig: Type.String({ description: 'The same as TLSSigAPIv2 makes; good for 30 days' }),
    sdkAppId: SdkAppId,
    expiresAt: Time,
    user: UserProfile,
  },
  { title: 'IssuedToken' },
);
export type IssuedToken = Static<typeof IssuedToken>;

export const UpdateUser = Type.Object(
  {
    nickname: Type.Optional(Nickname),
    avatar: Type.Optional(nullable(PictureRef)),
    password: Type.Optional(
      Type.Object(
        {
          current: Type.String({ minLength: 1, maxLength: 128, format: 'password' }),
          new: Password,
        },
        { ...CLOSED, description: 'Ends all other log-ins of the user; the answer has a new token' },
      ),
    ),
  },
  { title: 'UpdateUser', ...CLOSED },
);
export type UpdateUser = Static<typeof UpdateUser>;

/** After a change of the password the old token is worth nothing: a new one comes with the answer. */
export const UpdatedUser = Type.Object(
  { ...OwnProfile.properties, token: Type.Optional(Token) },
  { title: 'UpdatedUser' },
);

export const LogOut = Type.Object(
  { everywhere: Type.Optional(Type.Boolean({ default: false, description: 'On all devices, not only this one' })) },
  { title: 'LogOut', ...CLOSED },
);

export const UserParams = Type.Object({ id: UserId }, CLOSED);
export const UserQuery = Type.Object({ appId: Type.Optional(Id) }, CLOSED);
