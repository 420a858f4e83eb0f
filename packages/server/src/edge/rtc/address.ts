import { STREAM_NAME } from '@lianmai/contract';

/** Where WHIP and WHEP are spoken: `/live/{stream}.whip|.whep`, and below it a session's own address. */
export interface RtcAddress {
  stream: string;
  kind: 'whip' | 'whep';
  /** Which worker has the session, for workers share the port. */
  session: { worker: string; id: string } | null;
  query: string;
}

const ADDRESS = /^\/live\/([^/?]+)\.(whip|whep)(?:\/([a-z0-9-]{1,40})\.([0-9a-f]{32}))?(?:\?(.*))?$/s;

/** null when the address is none of these. */
export function parseRtcAddress(url: string): RtcAddress | null {
  const match = ADDRESS.exec(url);
  if (!match) return null;
  const [, stream = '', kind = '', worker, id, query = ''] = match;
  if (!STREAM_NAME.test(stream)) return null;
  const session = worker !== undefined && id !== undefined ? { worker, id } : null;
  return { stream, kind: kind as RtcAddress['kind'], session, query };
}

export function sessionPath({ stream, kind }: RtcAddress, worker: string, id: string): string {
  return `/live/${stream}.${kind}/${worker}.${id}`;
}
