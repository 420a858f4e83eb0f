/*
 * Many members of one chat room on this machine, by WebSocket, from one light process; the first of them speak. Prints as
 * JSON what they cost the server (CPU and memory of the given processes), how many messages each got, and how late. See
 * usage() for the options.
 *
 * It does not read frames: every message has its time of sending behind a mark, which is looked for in what comes.
 * So it takes servers of any protocol over WebSocket that hand texts on as they are.
 * The process ends when its standard input does (--hold), so that it cannot outlive who started it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stats.h"

enum { EVENTS = 4096, READ_SIZE = 1 << 17, TAIL = 64, SLOWEST_MS = 60000, TEXT = 4096 };
static const useconds_t ROUND_US = 1000;
static const double SETTLE_S = 60;

/* "@@" and the microseconds of this machine's monotonic clock, 16 digits. */
enum { MARK = 18 };

struct options {
  bool hold;
  int port, clients, senders;
  double rate_per_s, ramp_per_s, warm_s, measure_s;
  struct pid_list pids;
  const char *path, *tokens, *hello, *ready, *say;
};

enum client_state { CONNECTING, ASKING, ENTERING, MEMBER, DEAD };

struct client {
  enum client_state state;
  int fd;
  int tail_length;
  char tail[TAIL];  /* the end of what was read, in which a mark may have begun */
};

struct load {
  struct options options;
  int epoll;
  struct client *clients;
  char **tokens;
  int started, members, dead;
  char *bytes;
  bool counting;
  long deliveries, said;
  int next_sender;
  double next_message_at;
  long *late_ms;  /* how many messages came so many ms late */
};

/* ---- one client ---- */

static void close_client(struct load *load, struct client *client) {
  if (client->state == DEAD) return;
  load->members -= client->state == MEMBER;
  load->dead++;
  close(client->fd);
  client->state = DEAD;
}

static void start_client(struct load *load, int index) {
  struct client *client = &load->clients[index];
  client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (client->fd < 0) {
    perror("socket (are more open files allowed?)");
    exit(1);
  }
  int on = 1;
  setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(load->options.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (connect(client->fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) return close_client(load, client);
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.u32 = index};
  epoll_ctl(load->epoll, EPOLL_CTL_ADD, client->fd, &event);
}

static void send_bytes(struct load *load, struct client *client, const char *bytes, size_t length) {
  if (send(client->fd, bytes, length, MSG_NOSIGNAL) != (ssize_t)length) close_client(load, client);
}

/* A masked text frame, RFC 6455 5.2; a mask of zeros is one too. */
static void send_text(struct load *load, struct client *client, const char *text) {
  char frame[TEXT + 8];
  size_t length = strlen(text), head = 2;
  frame[0] = (char)0x81;
  if (length < 126) frame[1] = (char)(0x80 | length);
  else {
    frame[1] = (char)(0x80 | 126);
    frame[2] = (char)(length >> 8);
    frame[3] = (char)length;
    head = 4;
  }
  memset(frame + head, 0, 4);
  memcpy(frame + head + 4, text, length);
  send_bytes(load, client, frame, head + 4 + length);
}

static void on_connected(struct load *load, int index) {
  struct client *client = &load->clients[index];
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = index};
  epoll_ctl(load->epoll, EPOLL_CTL_MOD, client->fd, &event);
  char request[TEXT];
  int length = snprintf(request, sizeof request, "GET %s%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
                        load->options.path, load->tokens != NULL ? load->tokens[index] : "", load->options.port);
  client->state = ASKING;
  send_bytes(load, client, request, length);
}

static void become_member(struct load *load, struct client *client) {
  client->state = MEMBER;
  load->members++;
}

static void on_opened(struct load *load, struct client *client) {
  if (load->options.hello != NULL) send_text(load, client, load->options.hello);
  if (client->state == DEAD) return;
  client->state = ENTERING;
  if (load->options.ready == NULL) become_member(load, client);
}

static void count_marks(struct load *load, const char *bytes, size_t length, long now_us) {
  const char *end = bytes + length;
  for (const char *at = bytes; (at = memmem(at, end - at, "@@", 2)) != NULL && at + MARK <= end; at += MARK) {
    long late_ms = (now_us - strtol(at + 2, NULL, 10)) / 1000;
    load->deliveries++;
    load->late_ms[late_ms < 0 ? 0 : late_ms >= SLOWEST_MS ? SLOWEST_MS - 1 : late_ms]++;
  }
}

/* Where the part begins that has to be looked at again with what comes next: a mark that is not complete. */
static int unfinished_mark(const char *bytes, int length) {
  for (int at = length > MARK - 1 ? length - (MARK - 1) : 0; at < length; at++)
    if (bytes[at] == '@' && (at + 1 == length || bytes[at + 1] == '@')) return at;
  return length;
}

static void on_readable(struct load *load, struct client *client) {
  memcpy(load->bytes, client->tail, client->tail_length);
  ssize_t length = recv(client->fd, load->bytes + client->tail_length, READ_SIZE - TAIL - 1, 0);
  if (length < 0 && errno == EAGAIN) return;
  if (length <= 0) return close_client(load, client);
  int total = client->tail_length + length;
  load->bytes[total] = '\0';
  int keep_from = total;
  if (client->state == ASKING) {
    if (memmem(load->bytes, total, " 101 ", 5) == NULL) return close_client(load, client);
    on_opened(load, client);
  }
  if (client->state == ENTERING) {
    keep_from = total > TAIL ? total - TAIL : 0;
    if (memmem(load->bytes, total, load->options.ready, strlen(load->options.ready)) != NULL) {
      become_member(load, client);
      keep_from = total;
    }
  } else if (client->state == MEMBER) {
    keep_from = unfinished_mark(load->bytes, total);
    if (load->counting) count_marks(load, load->bytes, keep_from, (long)(monotonic_seconds() * 1e6));
  }
  client->tail_length = total - keep_from;
  memmove(client->tail, load->bytes + keep_from, client->tail_length);
}

static void one_round(struct load *load, int timeout_ms) {
  static struct epoll_event events[EVENTS];
  int count = epoll_wait(load->epoll, events, EVENTS, timeout_ms);
  for (int i = 0; i < count; i++) {
    int index = events[i].data.u32;
    struct client *client = &load->clients[index];
    if (client->state == DEAD) continue;
    if (events[i].events & (EPOLLERR | EPOLLHUP) && client->state == CONNECTING) close_client(load, client);
    else if (client->state == CONNECTING && events[i].events & EPOLLOUT) on_connected(load, index);
    else if (events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) on_readable(load, client);
  }
}

/* ---- the crowd ---- */

static bool input_ended(void) {
  struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
  char byte;
  return poll(&input, 1, 0) > 0 && read(STDIN_FILENO, &byte, 1) <= 0;
}

/* One of the senders says what the time is. */
static void say(struct load *load, double now) {
  struct client *client = &load->clients[load->next_sender++ % load->options.senders];
  load->next_message_at += 1 / load->options.rate_per_s;
  if (client->state != MEMBER) return;
  char text[TEXT], mark[MARK + 1];
  snprintf(mark, sizeof mark, "@@%016ld", (long)(now * 1e6));
  const char *place = strstr(load->options.say, "%T");
  if (place == NULL) exit(2);
  snprintf(text, sizeof text, "%.*s%s%s", (int)(place - load->options.say), load->options.say, mark, place + 2);
  send_text(load, client, text);
  load->said += load->counting;
}

static void rounds_until(struct load *load, double end, bool speaking) {
  for (double now; (now = monotonic_seconds()) < end;) {
    if (load->options.hold && input_ended()) exit(0);
    while (speaking && load->next_message_at <= now) say(load, now);
    one_round(load, 1);
    usleep(ROUND_US);
  }
}

static void ramp_up(struct load *load) {
  double begin = monotonic_seconds();
  while (load->started < load->options.clients) {
    int wanted = (monotonic_seconds() - begin) * load->options.ramp_per_s + 1;
    /* No more at once than a server that is busy with those before can take. */
    while (load->started < wanted && load->started < load->options.clients && load->started - load->members - load->dead < 500)
      start_client(load, load->started++);
    one_round(load, 2);
    if (load->options.hold && input_ended()) exit(0);
  }
  for (double end = monotonic_seconds() + SETTLE_S; load->members + load->dead < load->started && monotonic_seconds() < end;)
    rounds_until(load, monotonic_seconds() + 0.05, false);
}

static double late_percentile(const struct load *load, double fraction) {
  long wanted = load->deliveries * fraction, seen = 0;
  for (int ms = 0; ms < SLOWEST_MS; ms++)
    if ((seen += load->late_ms[ms]) >= wanted) return ms;
  return SLOWEST_MS;
}

static void run(struct load *load) {
  const struct options *options = &load->options;
  long memory_before_kb = resident_kilobytes(&options->pids);
  ramp_up(load);
  printf("{\"event\":\"entered\",\"members\":%d,\"dead\":%d}\n", load->members, load->dead);
  fflush(stdout);
  rounds_until(load, monotonic_seconds() + 2, false);
  long memory_kb = resident_kilobytes(&options->pids);
  load->next_message_at = monotonic_seconds();
  rounds_until(load, monotonic_seconds() + options->warm_s, true);
  struct cpu_times before = read_cpu_times(&options->pids);
  double begin = monotonic_seconds();
  load->counting = true;
  rounds_until(load, begin + options->measure_s, true);
  struct cpu_times after = read_cpu_times(&options->pids);
  double seconds = monotonic_seconds() - begin, cpu = after.total - before.total;
  double deliveries = load->deliveries;
  printf("{\"event\":\"measured\",\"clients\":%d,\"members\":%d,\"dead\":%d,\"measuredS\":%.3f,", options->clients, load->members, load->dead, seconds);
  printf("\"said\":%ld,\"deliveries\":%.0f,\"deliveriesPerS\":%.1f,\"cpuUsPerDelivery\":%.4f,\"cpuPercent\":%.2f,", load->said, deliveries,
         deliveries / seconds, deliveries > 0 ? cpu / deliveries * 1e6 : 0, cpu / seconds * 100);
  printf("\"delayMs\":{\"p50\":%.0f,\"p99\":%.0f,\"max\":%.0f},", late_percentile(load, 0.5), late_percentile(load, 0.99), late_percentile(load, 1));
  printf("\"memoryKbPerClient\":%.3f,\"memoryKbPerClientSpeaking\":%.3f,", (memory_kb - memory_before_kb) / (double)options->clients,
         (resident_kilobytes(&options->pids) - memory_before_kb) / (double)options->clients);
  printf("\"generatorCpuPercent\":%.2f,\"machineBusyPercent\":%.2f}\n", (after.self - before.self) / seconds * 100,
         (after.busy - before.busy) / seconds * 100);
  fflush(stdout);
  while (options->hold) rounds_until(load, monotonic_seconds() + 1, false);
}

/* ---- command line ---- */

static char **read_tokens(const char *file, int count) {
  FILE *lines = fopen(file, "r");
  char **tokens = calloc(count, sizeof *tokens);
  size_t size = 0;
  for (int i = 0; lines != NULL && i < count; i++) {
    ssize_t length = getline(&tokens[i], &size, lines);
    size = 0;
    if (length <= 0) {
      fprintf(stderr, "%s has %d lines, %d are needed\n", file, i, count);
      exit(2);
    }
    tokens[i][strcspn(tokens[i], "\n")] = '\0';
  }
  if (lines == NULL) exit(2);
  fclose(lines);
  return tokens;
}

static void usage(void) {
  fprintf(stderr,
          "chat-load --port PORT --path PATH --clients N --say TEXT [options]\n"
          "  --say TEXT        what a sender sends; %%T in it becomes the time, which must come back in every delivery\n"
          "  --senders N       clients that speak, in turn (40)\n"
          "  --rate N          messages a second of all of them (40)\n"
          "  --tokens FILE     a line for each client, put behind the path\n"
          "  --hello TEXT      sent by each once its WebSocket is open\n"
          "  --ready TEXT      a client is in once it heard this\n"
          "  --pids PID,…      the server's processes: their CPU time and memory are measured\n"
          "  --ramp N          clients started a second (1000)\n"
          "  --warm S          speaking before the measurement (5)\n"
          "  --measure S       (10)\n"
          "  --hold            stay until standard input ends\n");
  exit(2);
}

static struct options parse_options(int count, char **arguments) {
  static const struct option names[] = {
      {"port", 1, 0, 'p'}, {"path", 1, 0, 'u'},  {"clients", 1, 0, 'n'}, {"senders", 1, 0, 's'}, {"rate", 1, 0, 'f'},
      {"tokens", 1, 0, 't'}, {"hello", 1, 0, 'o'}, {"ready", 1, 0, 'y'},   {"say", 1, 0, 'a'},     {"pids", 1, 0, 'i'},
      {"ramp", 1, 0, 'r'}, {"warm", 1, 0, 'w'},  {"measure", 1, 0, 'm'}, {"hold", 0, 0, 'h'},    {0, 0, 0, 0}};
  struct options options = {.senders = 40, .rate_per_s = 40, .ramp_per_s = 1000, .warm_s = 5, .measure_s = 10};
  for (int name; (name = getopt_long(count, arguments, "", names, NULL)) != -1;) {
    switch (name) {
      case 'p': options.port = atoi(optarg); break;
      case 'u': options.path = optarg; break;
      case 'n': options.clients = atoi(optarg); break;
      case 's': options.senders = atoi(optarg); break;
      case 'f': options.rate_per_s = atof(optarg); break;
      case 't': options.tokens = optarg; break;
      case 'o': options.hello = optarg; break;
      case 'y': options.ready = optarg; break;
      case 'a': options.say = optarg; break;
      case 'i': options.pids = parse_pids(optarg); break;
      case 'r': options.ramp_per_s = atof(optarg); break;
      case 'w': options.warm_s = atof(optarg); break;
      case 'm': options.measure_s = atof(optarg); break;
      case 'h': options.hold = true; break;
      default: usage();
    }
  }
  if (options.port <= 0 || options.path == NULL || options.clients < options.senders || options.say == NULL) usage();
  return options;
}

int main(int count, char **arguments) {
  struct load load = {.options = parse_options(count, arguments)};
  load.clients = calloc(load.options.clients, sizeof *load.clients);
  load.bytes = malloc(READ_SIZE);
  load.late_ms = calloc(SLOWEST_MS, sizeof *load.late_ms);
  load.epoll = epoll_create1(EPOLL_CLOEXEC);
  if (load.options.tokens != NULL) load.tokens = read_tokens(load.options.tokens, load.options.clients);
  run(&load);
  return 0;
}
