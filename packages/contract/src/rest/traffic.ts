import { type Static, Type } from 'typebox';
import { Bytes, CLOSED, Day } from './shapes.ts';

export const TrafficQuery = Type.Object(
  {
    from: Type.Optional(Day),
    to: Type.Optional(Day),
  },
  CLOSED,
);

export const Traffic = Type.Object(
  {
    from: Day,
    to: Day,
    inBytes: Bytes,
    outBytes: Bytes,
    items: Type.Array(
      Type.Object({
        day: Day,
        protocol: Type.String({ examples: ['rtmp', 'flv', 'ws-flv', 'hls'] }),
        direction: Type.Enum(['in', 'out'], { type: 'string', description: 'in: from publishers; out: to viewers' }),
        bytes: Bytes,
      }),
    ),
  },
  { title: 'Traffic', description: 'Totals by day, protocol and direction, both ends of the range included' },
);
export type Traffic = Static<typeof Traffic>;
