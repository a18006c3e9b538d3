/* Feeds a topic at a fixed rate: event i is due at start + i / RATE and is sent then, however late
 * the ones before it were.
 *
 *   feeder LIBRDKAFKA BOOTSTRAP TOPIC FILE RATE SECONDS FIRST_MS PACED
 *
 * Event i is line i % lines of FILE with `"pickup_at":` FIRST_MS + i * 60000 / RATE, so RATE events
 * make a minute of event time. With PACED 0 events go as fast as they can, for SECONDS at most.
 * Prints `ready`, and at the end how many were sent and by how many seconds the latest was late.
 */
#include "librdkafka.h"

#include <errno.h>
#include <string.h>
#include <time.h>

enum { PRODUCER = 0, COPY = 2, DIGITS = 13, LINES_MAX = 1 << 20, AT_ONCE = 1000 };

static double now_s(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec + at.tv_nsec / 1e9;
}

static char *lines[LINES_MAX], *digits[LINES_MAX];
static size_t lengths[LINES_MAX];

static long long read_lines(const char *path) {
  static const char name[] = "\"pickup_at\":";
  FILE *file = fopen(path, "r");
  long long count = 0;
  size_t room = 0;
  ssize_t length;
  for (char *line = NULL; file && count < LINES_MAX; line = NULL, room = 0, count++) {
    if ((length = getline(&line, &room, file)) <= 0) break;
    char *at = strstr(line, name);
    if (at == NULL) return 0;
    lines[count] = line;
    lengths[count] = length - (line[length - 1] == '\n');
    digits[count] = at + sizeof name - 1;
  }
  return count;
}

static void put_number(char *at, long long number) {
  for (int i = DIGITS - 1; i >= 0; i--, number /= 10) at[i] = '0' + number % 10;
}

int main(int argc, char **argv) {
  if (argc != 9 || (library = dlopen(argv[1], RTLD_NOW)) == NULL) {
    fprintf(stderr, "feeder LIBRDKAFKA BOOTSTRAP TOPIC FILE RATE SECONDS FIRST_MS PACED\n");
    return 2;
  }
  int (*produce)(void *, int32_t, int, void *, size_t, const void *, size_t, void *) =
      find("rd_kafka_produce");
  int (*poll)(void *, int) = find("rd_kafka_poll");
  int (*flush)(void *, int) = find("rd_kafka_flush");

  const char *settings[][2] = {
      {"bootstrap.servers", argv[2]},         {"compression.type", "lz4"},
      {"linger.ms", "5"},                     {"batch.size", "1000000"},
      {"queue.buffering.max.messages", "500000"}, {"enable.idempotence", "true"}};
  char error[512] = "";
  void *client = NULL;
  void *topic = open_topic(PRODUCER, settings, sizeof settings / sizeof *settings, argv[3], &client,
                           error, sizeof error);
  long long count = read_lines(argv[4]), rate = atoll(argv[5]), seconds = atoll(argv[6]);
  long long first_ms = atoll(argv[7]), total = rate * seconds, sent = 0;
  int paced = atoi(argv[8]);
  if (topic == NULL || count == 0 || rate <= 0) {
    fprintf(stderr, "cannot feed %s: %s\n", argv[3], error);
    return 2;
  }
  printf("ready\n");
  fflush(stdout);
  double start_s = now_s(), latest_s = 0;
  while (sent < total) {
    double at_s = now_s() - start_s;
    long long due = paced ? (long long)(at_s * rate) + 1 : sent + AT_ONCE;
    if (!paced && at_s > seconds) break;
    if (due > total) due = total;
    if (paced && due > sent && at_s - (double)sent / rate > latest_s)
      latest_s = at_s - (double)sent / rate;
    for (long long upto = due < sent + AT_ONCE ? due : sent + AT_ONCE; sent < upto; sent++) {
      long long line = sent % count;
      put_number(digits[line], first_ms + sent * 60000 / rate);
      while (produce(topic, 0, COPY, lines[line], lengths[line], NULL, 0, NULL) != 0) {
        if (errno != ENOBUFS) {
          fprintf(stderr, "cannot write: error %d\n", errno);
          return 1;
        }
        poll(client, 5);
      }
    }
    poll(client, 0);
    if (sent >= due) nanosleep(&(struct timespec){0, 2000000}, NULL);
  }
  int left = flush(client, 60000);
  printf("%lld %.3f\n", sent, latest_s);
  return left != 0;
}
