/** ICE candidates in the text form of RFC 8839 5.1. */

export interface IceCandidate {
  foundation: string;
  priority: number;
  /** An IP address; candidates behind names (mDNS) are not used: the peer reaches us all the same. */
  address: string;
  port: number;
  type: 'host' | 'srflx' | 'prflx' | 'relay';
}

const CANDIDATE =
  /^candidate:([A-Za-z0-9+/]{1,32}) 1 udp (\d{1,10}) ([0-9a-fA-F:.]{2,45}) (\d{1,5}) typ (host|srflx|prflx|relay)(?: |$)/i;
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;
const IPV6 = /^(?=(?:[^:]*:){2,7}[^:]*$)[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}$/i;

/** null for candidates we have no use for: TCP, other components, names, and nonsense. */
export function parseCandidate(value: string): IceCandidate | null {
  const match = CANDIDATE.exec(value);
  if (!match) return null;
  const [, foundation = '', priority = '', address = '', port = '', type = ''] = match;
  if (!IPV4.test(address) && !IPV6.test(address)) return null;
  if (Number(port) < 1 || Number(port) > 65_535 || Number(priority) > 0xffffffff) return null;
  const candidate = { foundation, priority: Number(priority), address, port: Number(port) };
  return { ...candidate, type: type.toLowerCase() as IceCandidate['type'] };
}

/** Without `a=`. */
export function writeCandidate({ foundation, priority, address, port, type }: IceCandidate): string {
  const related = type === 'host' ? '' : ` raddr 0.0.0.0 rport 0`;
  return `candidate:${foundation} 1 udp ${priority} ${address} ${port} typ ${type}${related}`;
}
