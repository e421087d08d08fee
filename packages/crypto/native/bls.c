#include "bls.h"

#include <stdlib.h>
#include <string.h>

#include "blst.h"

/* An item of a batch once decoded: the signature, the hash of the message, both times the item's weight. */
struct claim {
  uint32_t key;
  uint32_t item;
  blst_p1 signature;
  blst_p1 hash;
};

static void hash_message(blst_p1 *hash, const uint8_t *message, size_t length) {
  size_t tag = message[0];
  blst_hash_to_g1(hash, message + 1 + tag, length - 1 - tag, message + 1, tag, NULL, 0);
}

/* On the curve, canonical and not infinity; the subgroup is the caller's business. */
static bool decode_share(blst_p1_affine *point, const uint8_t *bytes) {
  if ((bytes[0] & 0xe0) != 0) return false;
  return blst_p1_deserialize(point, bytes) == BLST_SUCCESS && !blst_p1_affine_is_inf(point);
}

static bool decode_certificate(blst_p1_affine *point, const uint8_t *bytes) {
  if (blst_p1_uncompress(point, bytes) != BLST_SUCCESS) return false;
  return !blst_p1_affine_is_inf(point) && blst_p1_affine_in_g1(point);
}

static void decode_key(blst_p2_affine *point, const uint8_t *bytes) {
  if (blst_p2_deserialize(point, bytes) != BLST_SUCCESS) memset(point, 0, sizeof(*point));
}

/* factor *= the product over j != i of (x[j] - x[i]), as many of them to a multiplication as fit in 64 bits. */
static void multiply_differences(blst_fr *factor, const uint16_t *signers, size_t count, size_t i) {
  bool negative = false;
  uint64_t pending[4] = {1, 0, 0, 0};
  blst_fr step;
  for (size_t j = 0; j < count; j += 1) {
    if (j == i) continue;
    int32_t difference = (int32_t)signers[j] - (int32_t)signers[i];
    negative ^= difference < 0;
    pending[0] *= (uint64_t)(difference < 0 ? -difference : difference);
    if (pending[0] >> 47 == 0) continue;
    blst_fr_from_uint64(&step, pending);
    blst_fr_mul(factor, factor, &step);
    pending[0] = 1;
  }
  blst_fr_from_uint64(&step, pending);
  blst_fr_mul(factor, factor, &step);
  blst_fr_cneg(factor, factor, negative);
}

/* Inverts all with one inversion. None may be zero: signers are distinct. */
static void invert_all(blst_fr *values, blst_fr *scratch, size_t count) {
  scratch[0] = values[0];
  for (size_t i = 1; i < count; i += 1) blst_fr_mul(&scratch[i], &scratch[i - 1], &values[i]);
  blst_fr inverse;
  blst_fr_eucl_inverse(&inverse, &scratch[count - 1]);
  for (size_t i = count - 1; i > 0; i -= 1) {
    blst_fr inverted;
    blst_fr_mul(&inverted, &inverse, &scratch[i - 1]);
    blst_fr_mul(&inverse, &inverse, &values[i]);
    values[i] = inverted;
  }
  values[0] = inverse;
}

/* Lagrange coefficients at 0 for the abscissae signer + 1: the product of all x, over x[i] times the differences. */
static void lagrange(blst_scalar *coefficients, blst_fr *scratch, const uint16_t *signers, size_t count) {
  blst_fr *factors = scratch;
  blst_fr product, x;
  uint64_t limbs[4] = {1, 0, 0, 0};
  blst_fr_from_uint64(&product, limbs);
  for (size_t i = 0; i < count; i += 1) {
    limbs[0] = (uint64_t)signers[i] + 1;
    blst_fr_from_uint64(&x, limbs);
    blst_fr_mul(&product, &product, &x);
    factors[i] = x;
    multiply_differences(&factors[i], signers, count, i);
  }
  invert_all(factors, scratch + count, count);
  for (size_t i = 0; i < count; i += 1) {
    blst_fr_mul(&x, &factors[i], &product);
    blst_scalar_from_fr(&coefficients[i], &x);
  }
}

static bool interpolate(blst_p1 *sum, const blst_p1_affine *points, const uint16_t *signers, size_t count) {
  size_t scratch_bytes = blst_p1s_mult_pippenger_scratch_sizeof(count);
  blst_scalar *coefficients = malloc(count * sizeof(blst_scalar));
  blst_fr *factors = malloc(2 * count * sizeof(blst_fr));
  void *scratch = malloc(scratch_bytes);
  bool done = coefficients != NULL && factors != NULL && scratch != NULL;
  if (done) {
    const blst_p1_affine *point_list[2] = {points, NULL};
    const byte *scalar_list[2] = {(const byte *)coefficients, NULL};
    lagrange(coefficients, factors, signers, count);
    blst_p1s_mult_pippenger(sum, point_list, count, scalar_list, 255, scratch);
  }
  free(coefficients);
  free(factors);
  free(scratch);
  return done;
}

static bool combine(blst_p1 *sum, const uint8_t *shares, const uint16_t *signers, size_t count, bool interpolated) {
  blst_p1_affine *points = malloc(count * sizeof(blst_p1_affine));
  bool done = points != NULL;
  for (size_t i = 0; done && i < count; i += 1) done = decode_share(&points[i], shares + i * SHARE_BYTES);
  if (done && interpolated) {
    done = interpolate(sum, points, signers, count);
  } else if (done) {
    const blst_p1_affine *point_list[2] = {points, NULL};
    blst_p1s_add(sum, point_list, count);
  }
  free(points);
  return done && !blst_p1_is_inf(sum) && blst_p1_in_g1(sum);
}

/* The item's signature, decoded or combined; a combined one is written to the result too. */
static bool find_signature(blst_p1 *signature, uint8_t kind, const uint8_t *points, size_t length,
                           const uint16_t *signers) {
  blst_p1_affine point;
  if (kind == INTERPOLATE || kind == SUM) {
    return combine(signature, points, signers, length / SHARE_BYTES, kind == INTERPOLATE);
  }
  bool sound = kind == VERIFY_SHARE
                   ? length == SHARE_BYTES && decode_share(&point, points) && blst_p1_affine_in_g1(&point)
                   : length == CERTIFICATE_BYTES && decode_certificate(&point, points);
  if (sound) blst_p1_from_affine(signature, &point);
  return sound;
}

/* Makes the claims of a batch; returns how many are sound, and puts those first. */
static size_t make_claims(struct claim *claims, const struct batch *batch, uint8_t *results) {
  size_t sound = 0, message_at = 0, point_at = 0;
  const uint16_t *signers = batch->signers;
  for (size_t i = 0; i < batch->count; i += 1) {
    size_t length = batch->points.ends[i] - point_at;
    struct claim *claim = &claims[sound];
    uint8_t kind = batch->kinds[i];
    if (find_signature(&claim->signature, kind, batch->points.bytes + point_at, length, signers)) {
      blst_p1_compress(results + i * RESULT_BYTES + 1, &claim->signature);
      hash_message(&claim->hash, batch->messages.bytes + message_at, batch->messages.ends[i] - message_at);
      claim->key = batch->key_index[i];
      claim->item = (uint32_t)i;
      sound += 1;
    }
    if (kind == INTERPOLATE || kind == SUM) signers += length / SHARE_BYTES;
    message_at = batch->messages.ends[i];
    point_at = batch->points.ends[i];
  }
  return sound;
}

static void weigh(struct claim *claims, size_t count, const uint8_t *weights) {
  if (count < 2) return;
  for (size_t i = 0; i < count; i += 1) {
    const uint8_t *weight = weights + claims[i].item * WEIGHT_BYTES;
    blst_p1_mult(&claims[i].signature, &claims[i].signature, weight, 8 * WEIGHT_BYTES);
    blst_p1_mult(&claims[i].hash, &claims[i].hash, weight, 8 * WEIGHT_BYTES);
  }
}

static int by_key(const void *a, const void *b) {
  uint32_t left = ((const struct claim *)a)->key, right = ((const struct claim *)b)->key;
  return left < right ? -1 : left > right;
}

struct pairs {
  blst_p1_affine *points;
  blst_p2_affine *keys;
};

/* One pairing equation over claims[0..count): a Miller loop per distinct key, and one for the signatures. */
static bool holds(const struct claim *claims, size_t count, const uint8_t *keys, const struct pairs *pairs) {
  blst_p1 signatures = claims[0].signature, hashes;
  size_t used = 0;
  for (size_t i = 1; i < count; i += 1) {
    blst_p1_add_or_double(&signatures, &signatures, &claims[i].signature);
  }
  for (size_t i = 0; i < count; used += 1) {
    uint32_t key = claims[i].key;
    hashes = claims[i].hash;
    for (i += 1; i < count && claims[i].key == key; i += 1) {
      blst_p1_add_or_double(&hashes, &hashes, &claims[i].hash);
    }
    if (blst_p1_is_inf(&hashes)) return false;
    blst_p1_to_affine(&pairs->points[used], &hashes);
    decode_key(&pairs->keys[used], keys + (size_t)key * POINT_BYTES);
    if (blst_p2_affine_is_inf(&pairs->keys[used])) return false;
  }
  if (blst_p1_is_inf(&signatures)) return false;
  blst_p1_cneg(&signatures, true);
  blst_p1_to_affine(&pairs->points[used], &signatures);
  pairs->keys[used] = *blst_p2_affine_generator();
  used += 1;
  /* A null after the first pointer: the rest follows it in memory. */
  const blst_p1_affine *point_list[2] = {pairs->points, NULL};
  const blst_p2_affine *key_list[2] = {pairs->keys, NULL};
  blst_fp12 product;
  blst_miller_loop_n(&product, key_list, point_list, used);
  blst_final_exp(&product, &product);
  return blst_fp12_is_one(&product);
}

static void accept(const struct claim *claims, size_t count, uint8_t *results) {
  for (size_t i = 0; i < count; i += 1) results[claims[i].item * RESULT_BYTES] = 1;
}

/* Halves a range that does not hold until each false claim stands alone. `fails`: known already not to hold. */
static void judge(const struct claim *claims, size_t count, bool fails, const uint8_t *keys, const struct pairs *pairs,
                  uint8_t *results) {
  if (!fails && holds(claims, count, keys, pairs)) {
    accept(claims, count, results);
    return;
  }
  if (count == 1) return;
  size_t half = count / 2;
  bool first_holds = holds(claims, half, keys, pairs);
  if (first_holds) {
    accept(claims, half, results);
  } else {
    judge(claims, half, true, keys, pairs, results);
  }
  judge(claims + half, count - half, first_holds, keys, pairs, results);
}

bool bls_check(const struct batch *batch, uint8_t *results) {
  struct claim *claims = malloc((batch->count + 1) * sizeof(struct claim));
  struct pairs pairs = {
      .points = malloc((batch->count + 1) * sizeof(blst_p1_affine)),
      .keys = malloc((batch->count + 1) * sizeof(blst_p2_affine)),
  };
  bool done = claims != NULL && pairs.points != NULL && pairs.keys != NULL;
  memset(results, 0, batch->count * RESULT_BYTES);
  if (done) {
    size_t sound = make_claims(claims, batch, results);
    weigh(claims, sound, batch->weights);
    qsort(claims, sound, sizeof(struct claim), by_key);
    if (sound > 0) judge(claims, sound, false, batch->keys, &pairs, results);
  }
  free(claims);
  free(pairs.points);
  free(pairs.keys);
  return done;
}

/* blst_scalar_from_fr and the multiplications read the scalar little-endian; files and wires have it big-endian. */
static bool read_secret(blst_scalar *scalar, const uint8_t *secret) {
  blst_scalar_from_bendian(scalar, secret);
  return blst_sk_check(scalar);
}

static void wipe(void *memory, size_t length) {
  volatile uint8_t *bytes = memory;
  while (length > 0) bytes[length -= 1] = 0;
}

void bls_sign(uint8_t *share, const uint8_t *secret, const uint8_t *message, size_t length) {
  blst_scalar scalar;
  blst_p1 point;
  read_secret(&scalar, secret);
  hash_message(&point, message, length);
  blst_sign_pk_in_g2(&point, &point, &scalar);
  blst_p1_serialize(share, &point);
  wipe(&scalar, sizeof(scalar));
}

bool bls_public_key(uint8_t *key, const uint8_t *secret) {
  blst_scalar scalar;
  blst_p2 point;
  bool sound = read_secret(&scalar, secret);
  if (sound) {
    blst_sk_to_pk_in_g2(&point, &scalar);
    blst_p2_compress(key, &point);
  }
  wipe(&scalar, sizeof(scalar));
  return sound;
}

bool bls_parse_key(uint8_t *point, const uint8_t *key) {
  blst_p2_affine affine;
  if (blst_p2_uncompress(&affine, key) != BLST_SUCCESS) return false;
  if (blst_p2_affine_is_inf(&affine) || !blst_p2_affine_in_g2(&affine)) return false;
  blst_p2_affine_serialize(point, &affine);
  return true;
}

bool bls_sum_keys(uint8_t *sum, const uint8_t *points, size_t count) {
  blst_p2 total;
  memset(&total, 0, sizeof(total));
  for (size_t i = 0; i < count; i += 1) {
    blst_p2_affine point;
    decode_key(&point, points + i * POINT_BYTES);
    if (blst_p2_affine_is_inf(&point)) return false;
    blst_p2_add_or_double_affine(&total, &total, &point);
  }
  if (blst_p2_is_inf(&total)) return false;
  blst_p2_serialize(sum, &total);
  return true;
}
