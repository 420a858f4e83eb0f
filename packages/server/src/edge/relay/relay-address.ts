/** Where a worker's relays are, beside its internal HTTP address: a unix socket as well. */
export function relayAddress(internalAddress: string): string {
  return `${internalAddress}.relay`;
}
