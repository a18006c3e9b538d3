/* The floor: librdkafka's batch call, the bytes of every message looked at and nothing done with them.
 *
 *   floor LIBRDKAFKA BOOTSTRAP TOPIC COUNT
 *
 * Reads partition 0 from its begin until COUNT messages came; prints their number and bytes. The
 * library is loaded by its path, so that neither its headers nor its name at link time are needed;
 * the declarations below are those of its public, stable interface.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

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

static void *library;

static void *find(const char *name) {
  void *found = dlsym(library, name);
  if (found == NULL) {
    fprintf(stderr, "librdkafka has no %s\n", name);
    exit(2);
  }
  return found;
}

int main(int argc, char **argv) {
  if (argc != 5 || (library = dlopen(argv[1], RTLD_NOW)) == NULL) {
    fprintf(stderr, "floor LIBRDKAFKA BOOTSTRAP TOPIC COUNT: %s\n", argc == 5 ? dlerror() : "");
    return 2;
  }
  void *(*conf_new)(void) = find("rd_kafka_conf_new");
  int (*conf_set)(void *, const char *, const char *, char *, size_t) = find("rd_kafka_conf_set");
  void *(*new_client)(int, void *, char *, size_t) = find("rd_kafka_new");
  void *(*topic_new)(void *, const char *, void *) = find("rd_kafka_topic_new");
  int (*start)(void *, int32_t, int64_t) = find("rd_kafka_consume_start");
  ssize_t (*batch)(void *, int32_t, int, message_t **, size_t) = find("rd_kafka_consume_batch");
  void (*destroy)(message_t *) = find("rd_kafka_message_destroy");

  const char *settings[][2] = {
      {"bootstrap.servers", argv[2]}, {"fetch.queue.backoff.ms", "5"}, {"check.crcs", "false"}};
  char error[512];
  void *conf = conf_new();
  for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
    if (conf_set(conf, settings[i][0], settings[i][1], error, sizeof error) != 0) {
      fprintf(stderr, "%s\n", error);
      return 2;
    }
  void *client = new_client(CONSUMER, conf, error, sizeof error);
  void *topic = client != NULL ? topic_new(client, argv[3], NULL) : NULL;
  if (topic == NULL || start(topic, 0, OFFSET_BEGINNING) != 0) {
    fprintf(stderr, "cannot read %s\n", argv[3]);
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
