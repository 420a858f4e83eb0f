import { type Static, Type } from 'typebox';
import { Bytes, CLOSED, Id, Name, nullable, pageOf, Time } from './shapes.ts';

export const AccountStatus = Type.Enum(['active', 'suspended', 'disabled'], {
  type: 'string',
  description: 'suspended: stopped by the operator; disabled: live service is not enabled',
});
const ChannelQuota = Type.Integer({ minimum: 0, maximum: 1_000_000, description: 'Channels of all its apps together' });
const TrafficPackage = nullable(Bytes, { description: 'What may be sent to viewers in all; null: no limit' });

export const Account = Type.Object(
  {
    id: Id,
    name: Name,
    status: AccountStatus,
    channelQuota: ChannelQuota,
    channels: Type.Integer({ minimum: 0, description: 'Channels it has now' }),
    trafficPackageBytes: TrafficPackage,
    trafficUsedBytes: Type.Integer({ minimum: 0, description: 'Sent to viewers since the package began' }),
    inArrears: Type.Boolean({ description: 'The package is used up: nothing may be published' }),
    createdAt: Time,
  },
  { title: 'Account' },
);
export type Account = Static<typeof Account>;

export const CreateAccount = Type.Object(
  {
    name: Name,
    status: Type.Optional(AccountStatus),
    channelQuota: Type.Optional(ChannelQuota),
    trafficPackageBytes: Type.Optional(TrafficPackage),
  },
  { title: 'CreateAccount', ...CLOSED },
);
export type CreateAccount = Static<typeof CreateAccount>;

export const UpdateAccount = Type.Object(
  {
    name: Type.Optional(Name),
    status: Type.Optional(AccountStatus),
    channelQuota: Type.Optional(ChannelQuota),
    trafficPackageBytes: Type.Optional(TrafficPackage),
    trafficUsedBytes: Type.Optional(
      Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: '0 begins a new package' }),
    ),
  },
  { title: 'UpdateAccount', ...CLOSED },
);
export type UpdateAccount = Static<typeof UpdateAccount>;

export const AccountList = pageOf(Account, 'AccountList');
