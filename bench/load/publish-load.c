/*
 * Many RTMP publishers on this machine from one light process: each plays an FLV file over and over at real pace, as an
 * encoder would send it. Prints as JSON when all publish, and what they cost the server. See usage() for the options.
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

#include "flv-source.h"
#include "rtmp-client.h"
#include "stats.h"

enum { EVENTS = 1024, READ_SIZE = 1 << 16, ROUND_MS = 2, MOST_SECONDS = 4096 };
static const double START_TIMEOUT_S = 20;

struct options {
  bool hold;
  int port;
  double ramp_per_s, warm_s, measure_s;
  const char *file, *targets;
  struct pid_list pids;
};

enum publisher_state { CONNECTING, ASKING, PUBLISHING, DEAD };

struct publisher {
  enum publisher_state state;
  int fd;
  struct rtmp_client rtmp;
  double began_at;  /* of this round of the file */
  size_t next;      /* message */
  size_t sent;      /* bytes of it */
  uint64_t bytes, bytes_before;
  double latest_s;  /* how far behind the pace it was at worst */
};

struct load {
  struct options options;
  struct flv_source source;
  int epoll;
  struct publisher *publishers;
  char **targets;  /* app/key of each */
  int count, started;
};

/* ---- one publisher ---- */

static void close_publisher(struct load *load, struct publisher *publisher) {
  if (publisher->state == DEAD) return;
  epoll_ctl(load->epoll, EPOLL_CTL_DEL, publisher->fd, NULL);
  close(publisher->fd);
  rtmp_client_free(&publisher->rtmp);
  publisher->state = DEAD;
}

static void start_publisher(struct load *load, int index) {
  struct publisher *publisher = &load->publishers[index];
  publisher->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (publisher->fd < 0) {
    perror("socket (are more open files allowed?)");
    exit(1);
  }
  int on = 1;
  setsockopt(publisher->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(load->options.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (connect(publisher->fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) {
    close(publisher->fd);
    publisher->state = DEAD;
    return;
  }
  char *app = load->targets[index], *slash = strchr(app, '/');
  *slash = '\0';
  rtmp_client_init(&publisher->rtmp, publisher->fd, load->options.port, app, slash + 1, 1);
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.u32 = index};
  epoll_ctl(load->epoll, EPOLL_CTL_ADD, publisher->fd, &event);
}

static void on_connected(struct load *load, struct publisher *publisher, int index) {
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = index};
  epoll_ctl(load->epoll, EPOLL_CTL_MOD, publisher->fd, &event);
  publisher->state = ASKING;
  rtmp_client_begin(&publisher->rtmp);
}

static void on_readable(struct load *load, struct publisher *publisher) {
  static uint8_t bytes[READ_SIZE];
  ssize_t length = recv(publisher->fd, bytes, sizeof bytes, 0);
  if (length < 0 && errno == EAGAIN) return;
  if (length > 0) rtmp_client_read(&publisher->rtmp, bytes, length);
  if (length <= 0 || publisher->rtmp.state == RTMP_REFUSED) {
    close_publisher(load, publisher);
    return;
  }
  if (publisher->state == ASKING && publisher->rtmp.state == RTMP_READY) {
    publisher->state = PUBLISHING;
    publisher->began_at = monotonic_seconds();
  }
}

/* Sends what is due by now, as far as the socket takes it. */
static void send_due(struct load *load, struct publisher *publisher, double now) {
  const struct flv_source *source = &load->source;
  for (;;) {
    const struct source_message *message = &source->messages[publisher->next];
    double due = publisher->began_at + message->at_s;
    if (due > now) return;
    ssize_t sent = send(publisher->fd, message->bytes + publisher->sent, message->length - publisher->sent, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno != EAGAIN) close_publisher(load, publisher);
      return;
    }
    publisher->bytes += sent;
    publisher->sent += sent;
    if (now - due > publisher->latest_s) publisher->latest_s = now - due;
    if (publisher->sent < message->length) return;
    publisher->sent = 0;
    if (++publisher->next < source->count) continue;
    publisher->next = source->loop_from;
    publisher->began_at += source->duration_s;
  }
}

/* ---- all of them ---- */

static bool input_ended(void) {
  struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
  char byte;
  return poll(&input, 1, 0) > 0 && read(STDIN_FILENO, &byte, 1) <= 0;
}

static void one_round(struct load *load) {
  static struct epoll_event events[EVENTS];
  int count = epoll_wait(load->epoll, events, EVENTS, ROUND_MS);
  for (int i = 0; i < count; i++) {
    int index = events[i].data.u32;
    struct publisher *publisher = &load->publishers[index];
    if (publisher->state == DEAD) continue;
    if (events[i].events & (EPOLLERR | EPOLLHUP)) close_publisher(load, publisher);
    else if (publisher->state == CONNECTING && events[i].events & EPOLLOUT) on_connected(load, publisher, index);
    else if (events[i].events & EPOLLIN) on_readable(load, publisher);
  }
  double now = monotonic_seconds();
  for (int i = 0; i < load->started; i++)
    if (load->publishers[i].state == PUBLISHING) send_due(load, &load->publishers[i], now);
  if (load->options.hold && input_ended()) exit(0);
}

static void rounds_for(struct load *load, double seconds) {
  for (double end = monotonic_seconds() + seconds; monotonic_seconds() < end;) one_round(load);
}

static int count_in(const struct load *load, enum publisher_state state) {
  int count = 0;
  for (int i = 0; i < load->started; i++) count += load->publishers[i].state == state;
  return count;
}

static void start_all(struct load *load) {
  double begin = monotonic_seconds();
  while (load->started < load->count) {
    int wanted = (monotonic_seconds() - begin) * load->options.ramp_per_s + 1;
    while (load->started < wanted && load->started < load->count) start_publisher(load, load->started++);
    one_round(load);
  }
  double end = monotonic_seconds() + START_TIMEOUT_S;
  while (count_in(load, PUBLISHING) + count_in(load, DEAD) < load->count && monotonic_seconds() < end) one_round(load);
  printf("{\"event\":\"publishing\",\"publishers\":%d,\"refused\":%d}\n", count_in(load, PUBLISHING), load->count - count_in(load, PUBLISHING));
  fflush(stdout);
}

static void print_result(const struct load *load, const struct cpu_times *before, const struct cpu_times *after, double seconds,
                         long memory_before_kb, double memory_kb) {
  int live = count_in(load, PUBLISHING);
  uint64_t bytes = 0;
  double *late = calloc(load->count, sizeof *late), cpu = after->total - before->total;
  for (int i = 0; i < load->count; i++) {
    bytes += load->publishers[i].bytes - load->publishers[i].bytes_before;
    late[i] = load->publishers[i].latest_s * 1e3;
  }
  printf("{\"event\":\"measured\",\"publishers\":%d,\"live\":%d,\"measuredS\":%.3f,", load->count, live, seconds);
  printf("\"cpuUsPerPublisherS\":%.3f,\"cpuPercent\":%.2f,\"userPercent\":%.2f,\"systemPercent\":%.2f,", cpu / seconds / load->count * 1e6,
         cpu / seconds * 100, (after->user - before->user) / seconds * 100, (after->system - before->system) / seconds * 100);
  printf("\"memoryKbPerPublisher\":%.3f,\"kbps\":%.2f,", (memory_kb - memory_before_kb) / load->count, bytes * 8e-3 / seconds / load->count);
  printf("\"generatorCpuPercent\":%.2f,\"machineBusyPercent\":%.2f,", (after->self - before->self) / seconds * 100,
         (after->busy - before->busy) / seconds * 100);
  print_percentiles("lateMs", late, load->count);
  printf("}\n");
  fflush(stdout);
  free(late);
}

static void measure(struct load *load, long memory_before_kb) {
  static double memory_kb[MOST_SECONDS];
  for (int i = 0; i < load->count; i++) {
    load->publishers[i].bytes_before = load->publishers[i].bytes;
    load->publishers[i].latest_s = 0;
  }
  double begin = monotonic_seconds(), end = begin + load->options.measure_s;
  struct cpu_times before = read_cpu_times(&load->options.pids);
  size_t samples = 0;
  while (monotonic_seconds() < end && samples < MOST_SECONDS) {
    double left = end - monotonic_seconds();
    rounds_for(load, left < 1 ? left : 1);
    memory_kb[samples++] = resident_kilobytes(&load->options.pids);
  }
  struct cpu_times after = read_cpu_times(&load->options.pids);
  sort_values(memory_kb, samples);
  print_result(load, &before, &after, monotonic_seconds() - begin, memory_before_kb, percentile(memory_kb, samples, 0.5));
}

/* ---- command line ---- */

static void usage(void) {
  fprintf(stderr,
          "publish-load --file FLV --targets FILE --port PORT [options]\n"
          "  --targets FILE    a line app/stream?query for each publisher\n"
          "  --pids PID,…      the server's processes: their CPU time and memory are measured\n"
          "  --ramp N          publishers started a second (50)\n"
          "  --warm S          between the last publisher's start and the measurement (3)\n"
          "  --measure S       length of the measurement (0: none)\n"
          "  --hold            stay until standard input ends\n");
  exit(2);
}

static struct options parse_options(int count, char **arguments) {
  static const struct option names[] = {{"file", 1, 0, 'f'}, {"targets", 1, 0, 't'}, {"port", 1, 0, 'P'}, {"pids", 1, 0, 'i'},
                                        {"ramp", 1, 0, 'r'}, {"warm", 1, 0, 'w'}, {"measure", 1, 0, 'm'}, {"hold", 0, 0, 'h'}, {0}};
  struct options options = {.ramp_per_s = 50, .warm_s = 3};
  for (int name; (name = getopt_long(count, arguments, "", names, NULL)) != -1;) {
    switch (name) {
      case 'f': options.file = optarg; break;
      case 't': options.targets = optarg; break;
      case 'P': options.port = atoi(optarg); break;
      case 'i': options.pids = parse_pids(optarg); break;
      case 'r': options.ramp_per_s = atof(optarg); break;
      case 'w': options.warm_s = atof(optarg); break;
      case 'm': options.measure_s = atof(optarg); break;
      case 'h': options.hold = true; break;
      default: usage();
    }
  }
  if (options.port <= 0 || options.file == NULL || options.targets == NULL) usage();
  return options;
}

static void read_targets(struct load *load) {
  FILE *file = fopen(load->options.targets, "r");
  if (file == NULL) usage();
  char *line = NULL;
  size_t capacity = 0;
  for (ssize_t length; (length = getline(&line, &capacity, file)) > 0;) {
    line[strcspn(line, "\r\n")] = '\0';
    if (strchr(line, '/') == NULL) continue;
    load->targets = realloc(load->targets, (load->count + 1) * sizeof *load->targets);
    load->targets[load->count++] = strdup(line);
  }
  free(line);
  fclose(file);
  if (load->count == 0) usage();
}

int main(int count, char **arguments) {
  struct load load = {.options = parse_options(count, arguments)};
  read_targets(&load);
  load.source = flv_source_load(load.options.file);
  load.publishers = calloc(load.count, sizeof *load.publishers);
  load.epoll = epoll_create1(EPOLL_CLOEXEC);
  long memory_before_kb = resident_kilobytes(&load.options.pids);
  start_all(&load);
  if (load.options.measure_s > 0) {
    rounds_for(&load, load.options.warm_s);
    measure(&load, memory_before_kb);
  }
  while (load.options.hold) one_round(&load);
  return 0;
}
