/* The Node-API half: copies arguments, runs batches on libuv's pool, hands back bytes. All cryptography is in bls.c. */
#include <node_api.h>
#include <stdlib.h>
#include <string.h>

#include "bls.h"
#include "file-pages.h"

enum { ARGUMENTS_MAX = 10 };

/* Bytes that JavaScript passed: a view while the call lasts, or our own copy in a job. */
struct bytes {
  uint8_t *data;
  size_t length;
};

/* A batch on its way through the pool. */
struct job {
  napi_async_work work;
  napi_deferred deferred;
  struct bytes arguments[ARGUMENTS_MAX];
  size_t count;
  struct bytes result;
  bool (*run)(struct job *job);
  bool done;
};

static void forget(struct bytes *bytes) {
  volatile uint8_t *data = bytes->data;
  for (size_t i = 0; data != NULL && i < bytes->length; i += 1) data[i] = 0;
  free(bytes->data);
  bytes->data = NULL;
}

static void free_job(struct job *job) {
  for (size_t i = 0; i < ARGUMENTS_MAX; i += 1) forget(&job->arguments[i]);
  free(job->result.data);
  free(job);
}

static napi_value refuse(napi_env env, const char *message) {
  napi_throw_type_error(env, NULL, message);
  return NULL;
}

/* The views of exactly `expected` typed arrays; false, and an exception is pending, for anything else. */
static bool read_arguments(napi_env env, napi_callback_info info, struct bytes *arguments, size_t expected) {
  static const size_t widths[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};
  napi_value values[ARGUMENTS_MAX];
  size_t count = ARGUMENTS_MAX;
  bool sound = napi_get_cb_info(env, info, &count, values, NULL, NULL) == napi_ok && count == expected;
  for (size_t i = 0; sound && i < expected; i += 1) {
    napi_typedarray_type type;
    size_t length;
    void *data;
    sound = napi_get_typedarray_info(env, values[i], &type, &length, &data, NULL, NULL) == napi_ok;
    if (!sound) break;
    if ((size_t)type >= sizeof(widths) / sizeof(widths[0])) return refuse(env, "typed arrays of known width expected") != NULL;
    arguments[i].data = data;
    arguments[i].length = length * widths[type];
  }
  if (!sound) refuse(env, "typed arrays expected");
  return sound;
}

static napi_value make_bytes(napi_env env, const uint8_t *data, size_t length) {
  napi_value buffer, array;
  void *copy;
  if (napi_create_arraybuffer(env, length, &copy, &buffer) != napi_ok) return NULL;
  if (length > 0) memcpy(copy, data, length);
  if (napi_create_typedarray(env, napi_uint8_array, length, buffer, 0, &array) != napi_ok) return NULL;
  return array;
}

static void execute(napi_env env, void *data) {
  (void)env;
  struct job *job = data;
  job->done = job->run(job);
}

static void complete(napi_env env, napi_status status, void *data) {
  struct job *job = data;
  napi_value value = NULL, message;
  if (status == napi_ok && job->done) value = make_bytes(env, job->result.data, job->result.length);
  if (value != NULL) {
    napi_resolve_deferred(env, job->deferred, value);
  } else {
    napi_create_string_utf8(env, "out of memory, or shutting down", NAPI_AUTO_LENGTH, &message);
    napi_create_error(env, NULL, message, &value);
    napi_reject_deferred(env, job->deferred, value);
  }
  napi_delete_async_work(env, job->work);
  free_job(job);
}

/* Copies the arguments and queues the job; the promise of its result. */
static napi_value queue(napi_env env, const struct bytes *arguments, size_t count, struct job *job) {
  napi_value promise, name;
  for (size_t i = 0; i < count; i += 1) {
    job->arguments[i].length = arguments[i].length;
    job->arguments[i].data = malloc(arguments[i].length + 1);
    if (job->arguments[i].data == NULL) break;
    if (arguments[i].length > 0) memcpy(job->arguments[i].data, arguments[i].data, arguments[i].length);
  }
  job->result.data = malloc(job->result.length + 1);
  bool ready = job->result.data != NULL && job->arguments[count - 1].data != NULL;
  ready = ready && napi_create_string_utf8(env, "destiny_bls", NAPI_AUTO_LENGTH, &name) == napi_ok;
  ready = ready && napi_create_async_work(env, NULL, name, execute, complete, job, &job->work) == napi_ok;
  if (!ready || napi_create_promise(env, &job->deferred, &promise) != napi_ok) {
    free_job(job);
    return refuse(env, "out of memory");
  }
  napi_queue_async_work(env, job->work);
  return promise;
}

static struct job *new_job(bool (*run)(struct job *), size_t count, size_t result_bytes) {
  struct job *job = calloc(1, sizeof(struct job));
  if (job == NULL) return NULL;
  job->run = run;
  job->count = count;
  job->result.length = count * result_bytes;
  return job;
}

static uint32_t end_of(const struct bytes *ends, size_t i) {
  return i == 0 ? 0 : ((const uint32_t *)ends->data)[i - 1];
}

/* Whether `ends` cuts `bytes` into items in order, and all of it. */
static bool cuts(const struct bytes *ends, const struct bytes *bytes) {
  size_t count = ends->length / sizeof(uint32_t);
  for (size_t i = 0; i < count; i += 1) {
    if (end_of(ends, i) > end_of(ends, i + 1)) return false;
  }
  return end_of(ends, count) == bytes->length;
}

/* Whether every item starts with a tag that it is long enough for. */
static bool tagged(const struct bytes *messages, const struct bytes *ends) {
  if (!cuts(ends, messages)) return false;
  for (size_t i = 0; i < ends->length / sizeof(uint32_t); i += 1) {
    uint32_t from = end_of(ends, i), to = end_of(ends, i + 1);
    if (to == from || (uint32_t)messages->data[from] + 1 > to - from) return false;
  }
  return true;
}

enum { KINDS, MESSAGES, MESSAGE_ENDS, POINTS, POINT_ENDS, SIGNERS, KEYS, KEY_INDEX, WEIGHTS, CHECK_ARGUMENTS };

static bool check_points(const struct bytes *a, size_t count) {
  const uint32_t *key_index = (const uint32_t *)a[KEY_INDEX].data;
  size_t shares = 0;
  if (!cuts(&a[POINT_ENDS], &a[POINTS])) return false;
  for (size_t i = 0; i < count; i += 1) {
    size_t length = end_of(&a[POINT_ENDS], i + 1) - end_of(&a[POINT_ENDS], i);
    uint8_t kind = a[KINDS].data[i];
    if (kind > SUM || (size_t)key_index[i] >= a[KEYS].length / POINT_BYTES) return false;
    if (kind != INTERPOLATE && kind != SUM) continue;
    if (length == 0 || length % SHARE_BYTES != 0) return false;
    shares += length / SHARE_BYTES;
  }
  return a[SIGNERS].length == shares * sizeof(uint16_t);
}

static bool check_lengths(const struct bytes *a, size_t count) {
  return count > 0 && a[MESSAGE_ENDS].length == count * sizeof(uint32_t) &&
         a[POINT_ENDS].length == count * sizeof(uint32_t) && a[KEY_INDEX].length == count * sizeof(uint32_t) &&
         a[WEIGHTS].length == count * WEIGHT_BYTES && a[KEYS].length % POINT_BYTES == 0;
}

static bool run_check(struct job *job) {
  const struct bytes *a = job->arguments;
  struct batch batch = {
      .count = job->count,
      .kinds = a[KINDS].data,
      .messages = {a[MESSAGES].data, (const uint32_t *)a[MESSAGE_ENDS].data},
      .points = {a[POINTS].data, (const uint32_t *)a[POINT_ENDS].data},
      .signers = (const uint16_t *)a[SIGNERS].data,
      .keys = a[KEYS].data,
      .key_index = (const uint32_t *)a[KEY_INDEX].data,
      .weights = a[WEIGHTS].data,
  };
  return bls_check(&batch, job->result.data);
}

static napi_value check(napi_env env, napi_callback_info info) {
  struct bytes arguments[ARGUMENTS_MAX] = {{0}};
  if (!read_arguments(env, info, arguments, CHECK_ARGUMENTS)) return NULL;
  size_t count = arguments[KINDS].length;
  bool sound = check_lengths(arguments, count) && tagged(&arguments[MESSAGES], &arguments[MESSAGE_ENDS]);
  if (!sound || !check_points(arguments, count)) return refuse(env, "a batch that does not fit together");
  struct job *job = new_job(run_check, count, RESULT_BYTES);
  if (job == NULL) return refuse(env, "out of memory");
  return queue(env, arguments, CHECK_ARGUMENTS, job);
}

enum { SECRET, SIGN_MESSAGES, SIGN_ENDS, SIGN_ARGUMENTS };

static bool run_sign(struct job *job) {
  const struct bytes *a = job->arguments;
  for (size_t i = 0; i < job->count; i += 1) {
    uint32_t from = end_of(&a[SIGN_ENDS], i), to = end_of(&a[SIGN_ENDS], i + 1);
    bls_sign(job->result.data + i * SHARE_BYTES, a[SECRET].data, a[SIGN_MESSAGES].data + from, to - from);
  }
  return true;
}

static napi_value sign(napi_env env, napi_callback_info info) {
  struct bytes arguments[ARGUMENTS_MAX] = {{0}};
  if (!read_arguments(env, info, arguments, SIGN_ARGUMENTS)) return NULL;
  size_t count = arguments[SIGN_ENDS].length / sizeof(uint32_t);
  bool sound = arguments[SECRET].length == SECRET_BYTES && tagged(&arguments[SIGN_MESSAGES], &arguments[SIGN_ENDS]);
  if (!sound || count == 0) return refuse(env, "a secret, tagged messages and their ends expected");
  struct job *job = new_job(run_sign, count, SHARE_BYTES);
  if (job == NULL) return refuse(env, "out of memory");
  return queue(env, arguments, SIGN_ARGUMENTS, job);
}

static napi_value sign_sync(napi_env env, napi_callback_info info) {
  struct bytes a[ARGUMENTS_MAX] = {{0}};
  uint8_t share[SHARE_BYTES];
  if (!read_arguments(env, info, a, 2)) return NULL;
  if (a[0].length != SECRET_BYTES || a[1].length == 0 || a[1].data[0] >= a[1].length) {
    return refuse(env, "a secret and a tagged message expected");
  }
  bls_sign(share, a[0].data, a[1].data, a[1].length);
  return make_bytes(env, share, sizeof(share));
}

static napi_value public_key(napi_env env, napi_callback_info info) {
  struct bytes a[ARGUMENTS_MAX] = {{0}};
  uint8_t key[KEY_BYTES];
  if (!read_arguments(env, info, a, 1)) return NULL;
  if (a[0].length != SECRET_BYTES || !bls_public_key(key, a[0].data)) return NULL;
  return make_bytes(env, key, sizeof(key));
}

static napi_value parse_key(napi_env env, napi_callback_info info) {
  struct bytes a[ARGUMENTS_MAX] = {{0}};
  uint8_t point[POINT_BYTES];
  if (!read_arguments(env, info, a, 1)) return NULL;
  if (a[0].length != KEY_BYTES || !bls_parse_key(point, a[0].data)) return NULL;
  return make_bytes(env, point, sizeof(point));
}

static napi_value sum_keys(napi_env env, napi_callback_info info) {
  struct bytes a[ARGUMENTS_MAX] = {{0}};
  uint8_t sum[POINT_BYTES];
  if (!read_arguments(env, info, a, 1)) return NULL;
  size_t count = a[0].length / POINT_BYTES;
  if (count == 0 || a[0].length % POINT_BYTES != 0 || !bls_sum_keys(sum, a[0].data, count)) return NULL;
  return make_bytes(env, sum, sizeof(sum));
}

static napi_value release_file_pages(napi_env env, napi_callback_info info) {
  struct bytes a[ARGUMENTS_MAX] = {{0}};
  napi_value covered;
  if (!read_arguments(env, info, a, 1)) return NULL;
  double bytes = (double)file_pages_release((const char *)a[0].data, a[0].length);
  return napi_create_double(env, bytes, &covered) == napi_ok ? covered : NULL;
}

NAPI_MODULE_INIT() {
  napi_property_descriptor functions[] = {
      {"check", NULL, check, NULL, NULL, NULL, napi_enumerable, NULL},
      {"sign", NULL, sign, NULL, NULL, NULL, napi_enumerable, NULL},
      {"signSync", NULL, sign_sync, NULL, NULL, NULL, napi_enumerable, NULL},
      {"publicKey", NULL, public_key, NULL, NULL, NULL, napi_enumerable, NULL},
      {"parseKey", NULL, parse_key, NULL, NULL, NULL, napi_enumerable, NULL},
      {"sumKeys", NULL, sum_keys, NULL, NULL, NULL, napi_enumerable, NULL},
      {"releaseFilePages", NULL, release_file_pages, NULL, NULL, NULL, napi_enumerable, NULL},
  };
  napi_define_properties(env, exports, sizeof(functions) / sizeof(functions[0]), functions);
  return exports;
}
