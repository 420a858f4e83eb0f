/* Reads the chunk stream of an RTMP server as it comes, in pieces of any size, keeping only the beginning of each message. */
#ifndef RTMP_READER_H
#define RTMP_READER_H

#include <stddef.h>
#include <stdint.h>

enum {
  RTMP_SET_CHUNK_SIZE = 1,
  RTMP_USER_CONTROL = 4,
  RTMP_WINDOW_ACK_SIZE = 5,
  RTMP_COMMAND = 20,
};

#define RTMP_KEPT 256
#define RTMP_CHUNK_STREAMS 32

struct rtmp_message {
  uint8_t type;
  uint32_t timestamp;
  uint32_t length;
  const uint8_t *head;  /* the first bytes of the body */
  size_t head_length;
};

struct rtmp_chunk_stream {
  uint32_t timestamp, delta, length, read;
  uint8_t type, extended;
  uint8_t head[RTMP_KEPT];
};

struct rtmp_reader {
  uint8_t header[18];  /* the chunk header being gathered */
  size_t header_length;
  struct rtmp_chunk_stream *current;  /* whose chunk is being read; NULL: a header is */
  uint32_t chunk_left, chunk_size;
  int broken;  /* what came is no chunk stream */
  struct rtmp_chunk_stream streams[RTMP_CHUNK_STREAMS];
  void (*on_message)(void *owner, const struct rtmp_message *message);
  void *owner;
};

void rtmp_reader_init(struct rtmp_reader *reader, void (*on_message)(void *, const struct rtmp_message *), void *owner);
void rtmp_reader_feed(struct rtmp_reader *reader, const uint8_t *bytes, size_t length);

#endif
