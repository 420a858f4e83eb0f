/* An FLV file made into RTMP messages that are the same for every publisher, however often it is played over. */
#ifndef FLV_SOURCE_H
#define FLV_SOURCE_H

#include <stddef.h>
#include <stdint.h>

struct source_message {
  double at_s;  /* when it is due, from the beginning of the round */
  const uint8_t *bytes;  /* chunks, header included */
  size_t length;
};

struct flv_source {
  struct source_message *messages;
  size_t count;
  size_t loop_from;  /* the first message after metadata and sequence headers: where the next round begins */
  double duration_s;
  size_t media_bytes;  /* of a round */
};

/* Ends the process with a line on standard error when the file is no FLV. */
struct flv_source flv_source_load(const char *path);

#endif
