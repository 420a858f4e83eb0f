#include "rtmp-reader.h"

#include <string.h>

/* RTMP 1.0, 5.3.1.2: sizes of the message header by chunk type. */
static const size_t MESSAGE_HEADER[] = {11, 7, 3, 0};
enum { DEFAULT_CHUNK_SIZE = 128, MOST_LENGTH = 16 << 20, NO_TIMESTAMP = 0xffffff };

void rtmp_reader_init(struct rtmp_reader *reader, void (*on_message)(void *, const struct rtmp_message *), void *owner) {
  memset(reader, 0, sizeof *reader);
  reader->chunk_size = DEFAULT_CHUNK_SIZE;
  reader->on_message = on_message;
  reader->owner = owner;
}

static uint32_t big_endian(const uint8_t *bytes, int count) {
  uint32_t value = 0;
  for (int i = 0; i < count; i++) value = value << 8 | bytes[i];
  return value;
}

/* The chunk's stream, or NULL for one with an id that no server of live streams uses. */
static struct rtmp_chunk_stream *stream_of(struct rtmp_reader *reader) {
  int id = reader->header[0] & 63;
  return id >= 2 && id < RTMP_CHUNK_STREAMS ? &reader->streams[id] : NULL;
}

/* Length of the header that begins in `header`, as far as its gathered bytes tell. */
static size_t header_size(struct rtmp_reader *reader) {
  size_t type = reader->header[0] >> 6, size = 1 + MESSAGE_HEADER[type];
  if (reader->header_length < size) return size;
  struct rtmp_chunk_stream *stream = stream_of(reader);
  int extended = type < 3 ? big_endian(reader->header + 1, 3) == NO_TIMESTAMP : stream != NULL && stream->extended;
  return extended ? size + 4 : size;
}

static void begin_chunk(struct rtmp_reader *reader) {
  struct rtmp_chunk_stream *stream = stream_of(reader);
  if (stream == NULL) {
    reader->broken = 1;
    return;
  }
  const uint8_t *header = reader->header;
  int type = header[0] >> 6;
  if (type < 3) {
    uint32_t time = big_endian(header + 1, 3);
    stream->extended = time == NO_TIMESTAMP;
    stream->delta = stream->extended ? big_endian(header + 1 + MESSAGE_HEADER[type], 4) : time;
  }
  if (type < 2) {
    stream->length = big_endian(header + 4, 3);
    stream->type = header[7];
  }
  if (stream->read == 0) stream->timestamp = type == 0 ? stream->delta : stream->timestamp + stream->delta;
  if (stream->length > MOST_LENGTH || (type < 2 && stream->read > 0)) reader->broken = 1;
  uint32_t left = stream->length - stream->read;
  reader->chunk_left = left < reader->chunk_size ? left : reader->chunk_size;
  reader->current = stream;
}

static void end_message(struct rtmp_reader *reader) {
  struct rtmp_chunk_stream *stream = reader->current;
  struct rtmp_message message = {
      .type = stream->type,
      .timestamp = stream->timestamp,
      .length = stream->length,
      .head = stream->head,
      .head_length = stream->length < RTMP_KEPT ? stream->length : RTMP_KEPT,
  };
  stream->read = 0;
  if (message.type == RTMP_SET_CHUNK_SIZE && message.head_length >= 4) {
    reader->chunk_size = big_endian(message.head, 4) & 0x7fffffff;
    if (reader->chunk_size == 0) reader->broken = 1;
  }
  reader->on_message(reader->owner, &message);
}

static size_t read_body(struct rtmp_reader *reader, const uint8_t *bytes, size_t length) {
  struct rtmp_chunk_stream *stream = reader->current;
  size_t taken = reader->chunk_left < length ? reader->chunk_left : length;
  if (stream->read < RTMP_KEPT) {
    size_t kept = RTMP_KEPT - stream->read;
    memcpy(stream->head + stream->read, bytes, kept < taken ? kept : taken);
  }
  stream->read += taken;
  reader->chunk_left -= taken;
  return taken;
}

void rtmp_reader_feed(struct rtmp_reader *reader, const uint8_t *bytes, size_t length) {
  while (length > 0 && !reader->broken) {
    if (reader->current == NULL) {
      reader->header[reader->header_length++] = *bytes++;
      length--;
      if (reader->header_length < header_size(reader)) continue;
      begin_chunk(reader);
      reader->header_length = 0;
      if (reader->broken) return;
    }
    size_t taken = read_body(reader, bytes, length);
    bytes += taken;
    length -= taken;
    if (reader->chunk_left > 0) return;
    if (reader->current->read == reader->current->length) end_message(reader);
    reader->current = NULL;
  }
}
