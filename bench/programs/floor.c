/* The floor: librdkafka's batch call, the bytes of every message looked at and nothing done with them.
 *
 *   floor LIBRDKAFKA BOOTSTRAP TOPIC COUNT
 *
 * Reads partition 0 from its begin until COUNT messages came; prints their number and bytes.
 */
#include "librdkafka.h"

typedef struct {
  int err;
  void *topic;
  int32_t partition;
  void *payload;
  size_t len;
  void *key;
  size_t key_len;
  int64_t offset;
  void *_private;
} message_t;

enum { CONSUMER = 1, BATCH = 50000, OFFSET_BEGINNING = -2 };

int main(int argc, char **argv) {
  if (argc != 5 || (library = dlopen(argv[1], RTLD_NOW)) == NULL) {
    fprintf(stderr, "floor LIBRDKAFKA BOOTSTRAP TOPIC COUNT: %s\n", argc == 5 ? dlerror() : "");
    return 2;
  }
  int (*start)(void *, int32_t, int64_t) = find("rd_kafka_consume_start");
  ssize_t (*batch)(void *, int32_t, int, message_t **, size_t) = find("rd_kafka_consume_batch");
  void (*destroy)(message_t *) = find("rd_kafka_message_destroy");

  const char *settings[][2] = {
      {"bootstrap.servers", argv[2]}, {"fetch.queue.backoff.ms", "5"}, {"check.crcs", "false"}};
  char error[512] = "";
  void *client = NULL;
  void *topic = open_topic(CONSUMER, settings, sizeof settings / sizeof *settings, argv[3], &client,
                           error, sizeof error);
  if (topic == NULL || start(topic, 0, OFFSET_BEGINNING) != 0) {
    fprintf(stderr, "cannot read %s: %s\n", argv[3], error);
    return 2;
  }
  static message_t *messages[BATCH];
  long long wanted = atoll(argv[4]), count = 0, bytes = 0;
  unsigned char seen = 0;
  while (count < wanted) {
    ssize_t got = batch(topic, 0, 1000, messages, BATCH);
    for (ssize_t i = 0; i < got; i++) {
      if (messages[i]->err == 0) {
        count++;
        bytes += messages[i]->len;
        seen ^= ((unsigned char *)messages[i]->payload)[messages[i]->len - 1];
      }
      destroy(messages[i]);
    }
  }
  printf("%lld messages, %lld bytes, %d\n", count, bytes, seen);
  return 0;
}
