/*
 * The client's side of an RTMP session up to its first frame: handshake, connect, createStream, play or publish.
 * The owner of the socket gives what it reads and writes nothing by itself until the session is READY.
 */
#ifndef RTMP_CLIENT_H
#define RTMP_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "rtmp-reader.h"

enum rtmp_state { RTMP_HANDSHAKE, RTMP_CONNECTING, RTMP_CREATING, RTMP_STARTING, RTMP_READY, RTMP_REFUSED };

struct rtmp_client {
  enum rtmp_state state;
  int fd, publishes;
  const char *app, *key;
  int port;
  uint8_t *s1;  /* the server's handshake while it comes */
  size_t handshake_length;
  uint64_t received, acknowledged;
  uint32_t window;
  double requested_at;  /* when play or publish was sent */
  struct rtmp_reader reader;
  /* Audio, video and data messages once the session is READY; NULL: not wanted. */
  void (*on_media)(void *owner, const struct rtmp_message *message);
  void *owner;
};

/* `app` and `key` (the stream's name with its query) must outlive the client. Set on_media and owner afterwards. */
void rtmp_client_init(struct rtmp_client *client, int fd, int port, const char *app, const char *key, int publishes);
void rtmp_client_free(struct rtmp_client *client);
/* The socket is connected: sends C0 and C1. */
void rtmp_client_begin(struct rtmp_client *client);
void rtmp_client_read(struct rtmp_client *client, const uint8_t *bytes, size_t length);
/* Counts bytes that are thrown away unread, so that acknowledgements go on as a real player sends them. */
void rtmp_client_skip(struct rtmp_client *client, size_t length);

/* Writes a message with a type-0 header (delta_header: type 1) in chunks of chunk_size into out; gives the length. */
size_t rtmp_write_message(uint8_t *out, int chunk_stream, int delta_header, uint32_t time, uint8_t type, uint32_t stream_id,
                          const uint8_t *body, size_t length, size_t chunk_size);
/* The chunk size the publisher announces: what OBS sends. */
#define RTMP_PUBLISH_CHUNK 4096

#endif
