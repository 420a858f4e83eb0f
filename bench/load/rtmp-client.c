#include "rtmp-client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "media-check.h"
#include "stats.h"

enum { HANDSHAKE_SIZE = 1536, CONTROL_CHUNK_STREAM = 2, COMMAND_CHUNK_STREAM = 3, DEFAULT_WINDOW = 2500000 };
enum { ACKNOWLEDGEMENT = 3, PING_REQUEST = 6, PING_RESPONSE = 7 };

void rtmp_client_init(struct rtmp_client *client, int fd, int port, const char *app, const char *key, int publishes) {
  memset(client, 0, sizeof *client);
  client->fd = fd;
  client->port = port;
  client->app = app;
  client->key = key;
  client->publishes = publishes;
  client->window = DEFAULT_WINDOW;
}

void rtmp_client_free(struct rtmp_client *client) {
  free(client->s1);
  client->s1 = NULL;
}

static void store_big_endian(uint8_t *out, uint32_t value, int count) {
  for (int i = count - 1; i >= 0; i--, value >>= 8) out[i] = value;
}

size_t rtmp_write_message(uint8_t *out, int chunk_stream, int delta_header, uint32_t time, uint8_t type, uint32_t stream_id,
                          const uint8_t *body, size_t length, size_t chunk_size) {
  uint8_t *at = out;
  *at++ = (delta_header ? 1 << 6 : 0) | chunk_stream;
  store_big_endian(at, time, 3);
  store_big_endian(at + 3, length, 3);
  at[6] = type;
  at += 7;
  for (int i = 0; !delta_header && i < 4; i++) *at++ = stream_id >> (8 * i);
  for (size_t sent = 0; sent < length; sent += chunk_size) {
    if (sent > 0) *at++ = 3 << 6 | chunk_stream;
    size_t chunk = length - sent < chunk_size ? length - sent : chunk_size;
    memcpy(at, body + sent, chunk);
    at += chunk;
  }
  return at - out;
}

/* Commands are short and sockets fresh: what the kernel does not take at once means a broken connection. */
static void send_all(struct rtmp_client *client, const uint8_t *bytes, size_t length) {
  if (send(client->fd, bytes, length, MSG_NOSIGNAL) != (ssize_t)length) client->state = RTMP_REFUSED;
}

static void send_message(struct rtmp_client *client, int chunk_stream, uint8_t type, uint32_t stream_id, const uint8_t *body, size_t length) {
  uint8_t out[2048];
  send_all(client, out, rtmp_write_message(out, chunk_stream, 0, 0, type, stream_id, body, length, 128));
}

/* ---- AMF0 (2.2 number, 2.4 string, 2.5 object, 2.7 null) ---- */

static uint8_t *put_text(uint8_t *at, const char *text) {
  size_t length = strlen(text);
  store_big_endian(at, length, 2);
  memcpy(at + 2, text, length);
  return at + 2 + length;
}

static uint8_t *put_string(uint8_t *at, const char *text) {
  *at = 2;
  return put_text(at + 1, text);
}

static uint8_t *put_number(uint8_t *at, double number) {
  uint64_t bits;
  memcpy(&bits, &number, sizeof bits);
  *at = 0;
  store_big_endian(at + 1, bits >> 32, 4);
  store_big_endian(at + 5, bits, 4);
  return at + 9;
}

static uint8_t *put_null(uint8_t *at) {
  *at = 5;
  return at + 1;
}

/* ---- commands ---- */

static void send_connect(struct rtmp_client *client) {
  uint8_t body[1024], *at = body;
  char url[256];
  snprintf(url, sizeof url, "rtmp://127.0.0.1:%d/%s", client->port, client->app);
  at = put_number(put_string(at, "connect"), 1);
  *at++ = 3;
  at = put_string(put_text(at, "app"), client->app);
  at = put_string(put_text(at, "flashVer"), client->publishes ? "FMLE/3.0 (compatible; load)" : "LNX 9,0,124,2");
  at = put_string(put_text(at, "tcUrl"), url);
  at = put_number(put_text(at, "capabilities"), 15);
  at = put_number(put_text(at, "audioCodecs"), 4071);
  at = put_number(put_text(at, "videoCodecs"), 252);
  memcpy(at, "\0\0\x09", 3);
  send_message(client, COMMAND_CHUNK_STREAM, RTMP_COMMAND, 0, body, at + 3 - body);
}

static void send_create_stream(struct rtmp_client *client) {
  uint8_t body[64], *at = put_null(put_number(put_string(body, "createStream"), 2));
  send_message(client, COMMAND_CHUNK_STREAM, RTMP_COMMAND, 0, body, at - body);
}

static void send_play_or_publish(struct rtmp_client *client) {
  uint8_t body[1024], *at = put_null(put_number(put_string(body, client->publishes ? "publish" : "play"), 3));
  at = put_string(at, client->key);
  at = client->publishes ? put_string(at, "live") : put_number(at, -2000);
  client->requested_at = monotonic_seconds();
  send_message(client, 8, RTMP_COMMAND, 1, body, at - body);
  if (!client->publishes) return;
  uint8_t size[4];
  store_big_endian(size, RTMP_PUBLISH_CHUNK, 4);
  send_message(client, CONTROL_CHUNK_STREAM, RTMP_SET_CHUNK_SIZE, 0, size, 4);
}

static void acknowledge(struct rtmp_client *client) {
  if (client->window == 0 || client->received - client->acknowledged < client->window) return;
  client->acknowledged = client->received;
  uint8_t count[4];
  store_big_endian(count, client->received, 4);
  send_message(client, CONTROL_CHUNK_STREAM, ACKNOWLEDGEMENT, 0, count, 4);
}

static int contains(const struct rtmp_message *message, const char *text) {
  size_t length = strlen(text);
  for (size_t i = 0; i + length <= message->head_length; i++)
    if (memcmp(message->head + i, text, length) == 0) return 1;
  return 0;
}

static void on_command(struct rtmp_client *client, const struct rtmp_message *message) {
  if (contains(message, "_error")) client->state = RTMP_REFUSED;
  if (contains(message, "_result") && client->state == RTMP_CONNECTING) {
    client->state = RTMP_CREATING;
    send_create_stream(client);
  } else if (contains(message, "_result") && client->state == RTMP_CREATING) {
    client->state = RTMP_STARTING;
    send_play_or_publish(client);
  } else if (contains(message, "onStatus") && client->state >= RTMP_STARTING) {
    if (contains(message, client->publishes ? "NetStream.Publish.Start" : "NetStream.Play.Start")) client->state = RTMP_READY;
    else if (contains(message, "error")) client->state = RTMP_REFUSED;
  }
}

static void on_message(void *owner, const struct rtmp_message *message) {
  struct rtmp_client *client = owner;
  switch (message->type) {
    case RTMP_WINDOW_ACK_SIZE:
      if (message->head_length >= 4) {
        const uint8_t *size = message->head;
        client->window = (uint32_t)size[0] << 24 | size[1] << 16 | size[2] << 8 | size[3];
      }
      break;
    case RTMP_USER_CONTROL:
      if (message->head_length == 6 && message->head[1] == PING_REQUEST) {
        uint8_t pong[6];
        memcpy(pong, message->head, 6);
        pong[1] = PING_RESPONSE;
        send_message(client, CONTROL_CHUNK_STREAM, RTMP_USER_CONTROL, 0, pong, 6);
      }
      break;
    case RTMP_COMMAND:
      on_command(client, message);
      break;
    case MEDIA_AUDIO:
    case MEDIA_VIDEO:
    case MEDIA_DATA:
      if (client->on_media != NULL) client->on_media(client->owner, message);
      break;
  }
}

void rtmp_client_begin(struct rtmp_client *client) {
  uint8_t c0c1[1 + HANDSHAKE_SIZE] = {3};
  for (size_t i = 9; i < sizeof c0c1; i++) c0c1[i] = i * 7 + client->fd;
  client->s1 = malloc(1 + 2 * HANDSHAKE_SIZE);
  send_all(client, c0c1, sizeof c0c1);
}

static size_t read_handshake(struct rtmp_client *client, const uint8_t *bytes, size_t length) {
  size_t whole = 1 + 2 * HANDSHAKE_SIZE, taken = whole - client->handshake_length;
  if (taken > length) taken = length;
  memcpy(client->s1 + client->handshake_length, bytes, taken);
  client->handshake_length += taken;
  if (client->handshake_length < whole) return taken;
  send_all(client, client->s1 + 1, HANDSHAKE_SIZE);
  rtmp_client_free(client);
  rtmp_reader_init(&client->reader, on_message, client);
  client->state = RTMP_CONNECTING;
  send_connect(client);
  return taken;
}

void rtmp_client_read(struct rtmp_client *client, const uint8_t *bytes, size_t length) {
  client->received += length;
  if (client->state == RTMP_HANDSHAKE) {
    size_t taken = read_handshake(client, bytes, length);
    bytes += taken;
    length -= taken;
  }
  rtmp_reader_feed(&client->reader, bytes, length);
  if (client->reader.broken) client->state = RTMP_REFUSED;
  acknowledge(client);
}

void rtmp_client_skip(struct rtmp_client *client, size_t length) {
  client->received += length;
  acknowledge(client);
}
