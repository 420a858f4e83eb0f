/**
 * Every error a user of the API, a player or an encoder can meet. Numbers below 40_000_000 are those of the classic
 * system and must not change; ours are the HTTP status followed by five digits of their own (except 40000415, classic too).
 */
export const ERRORS = {
  ACCOUNT_NOT_FOUND: { code: 1002, status: 404 },
  PUSH_TIMED_OUT: { code: 6012, status: 408 },
  CHANNEL_QUOTA_EXCEEDED: { code: 20101, status: 403 },
  LIVE_NOT_ENABLED: { code: 20318, status: 403 },
  ACCOUNT_IN_ARREARS: { code: 20406, status: 403 },
  STREAM_ALREADY_PUBLISHED: { code: 40000415, status: 409 },

  BAD_REQUEST: { code: 40000001, status: 400 },
  ACCOUNT_SUSPENDED: { code: 40300003, status: 403 },
  UNAUTHENTICATED: { code: 40100001, status: 401 },
  LOG_IN_FAILED: { code: 40100002, status: 401 },
  FORBIDDEN: { code: 40300001, status: 403 },
  BAD_SIGNATURE: { code: 40300002, status: 403 },
  NOT_A_MEMBER: { code: 40300010, status: 403 },
  MEMBER_KICKED: { code: 40300011, status: 403 },
  CONFERENCE_QUOTA_EXCEEDED: { code: 40300012, status: 403 },
  STORAGE_QUOTA_EXCEEDED: { code: 40300030, status: 403 },
  MIX_QUOTA_EXCEEDED: { code: 40300031, status: 403 },
  MUTED: { code: 40300020, status: 403 },
  BANNED: { code: 40300021, status: 403 },
  NOT_IN_ROOM: { code: 40300022, status: 403 },
  ROOM_QUOTA_EXCEEDED: { code: 40300023, status: 403 },
  COHOST_OFF: { code: 40300040, status: 403 },
  NOT_FOUND: { code: 40400001, status: 404 },
  CHANNEL_NOT_FOUND: { code: 40400002, status: 404 },
  STREAM_NOT_LIVE: { code: 40400003, status: 404 },
  CONFERENCE_NOT_FOUND: { code: 40400010, status: 404 },
  PICTURE_NOT_FOUND: { code: 40400030, status: 404 },
  MIX_NOT_FOUND: { code: 40400031, status: 404 },
  ROOM_NOT_FOUND: { code: 40400020, status: 404 },
  USER_NOT_FOUND: { code: 40400021, status: 404 },
  SESSION_NOT_FOUND: { code: 40400040, status: 404 },
  METHOD_NOT_ALLOWED: { code: 40500001, status: 405 },
  NOT_PLAYABLE: { code: 40600001, status: 406 },
  CONFLICT: { code: 40900001, status: 409 },
  CONFERENCE_FULL: { code: 40900010, status: 409 },
  ROOM_ALREADY_OPEN: { code: 40900020, status: 409 },
  COHOST_FULL: { code: 40900040, status: 409 },
  BUSY: { code: 40900041, status: 409 },
  CONFERENCE_ENDED: { code: 41000010, status: 410 },
  ROOM_CLOSED: { code: 41000020, status: 410 },
  SESSION_OVER: { code: 41000040, status: 410 },
  PRECONDITION_FAILED: { code: 41200001, status: 412 },
  TOO_LARGE: { code: 41300001, status: 413 },
  URI_TOO_LONG: { code: 41400001, status: 414 },
  UNSUPPORTED_MEDIA_TYPE: { code: 41500001, status: 415 },
  ICE_RESTART_UNSUPPORTED: { code: 42200001, status: 422 },
  RATE_LIMITED: { code: 42900001, status: 429 },
  ROOM_BUSY: { code: 42900010, status: 429 },
  SLOW_MODE: { code: 42900011, status: 429 },
  TOO_MANY_CONNECTIONS: { code: 50300002, status: 503 },
  MIXER_FULL: { code: 50300030, status: 503 },
  INTERNAL: { code: 50000001, status: 500 },
  UNAVAILABLE: { code: 50300001, status: 503 },
} as const satisfies Record<string, { code: number; status: number }>;

export type ErrorName = keyof typeof ERRORS;

/** The REST error body (`{"error": {...}}`), also what the bus carries when a request fails. */
export interface ErrorBody {
  error: { code: number; name: ErrorName; message: string; requestId?: string; field?: string };
}

/** An error meant for the person or program at the other end: has a code of {@link ERRORS} and a sentence that says what to do. */
export class LiveError extends Error {
  readonly code: number;
  readonly status: number;
  override readonly name: ErrorName;
  /** The request's field at fault, as a JSON pointer without the leading slash (`push/key`). */
  readonly field: string | undefined;

  constructor(name: ErrorName, message: string, field?: string) {
    super(message);
    this.name = name;
    this.code = ERRORS[name].code;
    this.status = ERRORS[name].status;
    this.field = field;
  }

  toBody(requestId?: string): ErrorBody {
    const { code, name, message, field } = this;
    return {
      error: {
        code,
        name,
        message,
        ...(requestId === undefined ? {} : { requestId }),
        ...(field === undefined ? {} : { field }),
      },
    };
  }

  static fromBody(body: ErrorBody): LiveError {
    return new LiveError(body.error.name, body.error.message, body.error.field);
  }
}
