/** AMF0 2.1: the byte before each value. Movie clip (4) and record set (14) are reserved and never sent. */
export const AMF0 = {
  number: 0,
  boolean: 1,
  string: 2,
  object: 3,
  null: 5,
  undefined: 6,
  reference: 7,
  ecmaArray: 8,
  objectEnd: 9,
  strictArray: 10,
  date: 11,
  longString: 12,
  unsupported: 13,
  xmlDocument: 15,
  typedObject: 16,
  avmPlusObject: 17,
} as const;
