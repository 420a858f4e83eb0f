/** `#rgb`, `#rrggbb` or `0xrrggbb`, as checked by the schema, to `#rrggbb` in lower case. */
export function readColor(color: string): string {
  const digits = color.replace(/^(#|0x)/, '').toLowerCase();
  return `#${digits.length === 3 ? [...digits].map((digit) => digit + digit).join('') : digits}`;
}
