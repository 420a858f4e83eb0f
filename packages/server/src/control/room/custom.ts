import { LiveError } from '@lianmai/contract';
import type { ChangeRoomCustom, RoomCustom } from '@lianmai/contract/rest';

const MOST_FIELDS = 32;

/**
 * Sets a field, takes it away, or counts it up or down. A field that is not there counts from 0.
 * @throws LiveError BAD_REQUEST
 */
export function changeCustom(custom: RoomCustom, { op, key, value }: ChangeRoomCustom): RoomCustom {
  if (op === 'SET') {
    if (value === undefined)
      throw new LiveError('BAD_REQUEST', 'SET takes a value: null takes the field away', 'value');
    const { [key]: _, ...others } = custom;
    return value === null ? others : bounded({ ...custom, [key]: value });
  }
  const by = value ?? 1;
  const before = Object.hasOwn(custom, key) ? custom[key] : 0;
  if (typeof by !== 'number')
    throw new LiveError('BAD_REQUEST', `${op} takes a whole number, or nothing for 1`, 'value');
  if (typeof before !== 'number')
    throw new LiveError('BAD_REQUEST', `"${key}" is a text and cannot be counted: SET it to a number`, 'key');
  const after = op === 'INC' ? before + by : before - by;
  if (!Number.isSafeInteger(after)) throw new LiveError('BAD_REQUEST', `"${key}" would be too large`, 'value');
  return bounded({ ...custom, [key]: after });
}

function bounded(custom: RoomCustom): RoomCustom {
  if (Object.keys(custom).length > MOST_FIELDS)
    throw new LiveError('BAD_REQUEST', `a room has at most ${MOST_FIELDS} fields: take one away first`, 'key');
  return custom;
}
