/* BLS signatures over BLS12-381, signatures in G1 and public keys in G2, on top of blst. No Node-API in here. */
#ifndef DESTINY_BLS_H
#define DESTINY_BLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  SECRET_BYTES = 32,
  SHARE_BYTES = 96,       /* a point of G1, uncompressed */
  CERTIFICATE_BYTES = 48, /* a point of G1, compressed */
  KEY_BYTES = 96,         /* a point of G2, compressed: the form in files */
  POINT_BYTES = 192,      /* a point of G2, uncompressed: the form in memory, checked once */
  WEIGHT_BYTES = 8,
  RESULT_BYTES = 1 + CERTIFICATE_BYTES, /* 1 or 0, and the certificate */
};

/* What is asked about an item of a batch. The numbers are those of backend.ts. */
enum { VERIFY_CERTIFICATE = 0, VERIFY_SHARE = 1, INTERPOLATE = 2, SUM = 3 };

/* Bytes that belong to several items: item i ends at ends[i]. */
struct packed {
  const uint8_t *bytes;
  const uint32_t *ends;
};

/* A batch, as backend.ts packs it. */
struct batch {
  size_t count;
  const uint8_t *kinds;
  struct packed messages; /* each: one byte of tag length, the domain separation tag, the statement */
  struct packed points;   /* the certificate, or the shares one after the other */
  const uint16_t *signers; /* for INTERPOLATE and SUM: whose share, in the order of the shares */
  const uint8_t *keys;    /* POINT_BYTES each, trusted to be in G2 */
  const uint32_t *key_index;
  const uint8_t *weights; /* WEIGHT_BYTES each, random and secret until now */
};

/* Fills RESULT_BYTES per item; false if memory ran out. */
bool bls_check(const struct batch *batch, uint8_t *results);

/* The share over one tagged message, SHARE_BYTES. The secret must have passed bls_public_key. */
void bls_sign(uint8_t *share, const uint8_t *secret, const uint8_t *message, size_t length);

/* The public key in both forms; false if the secret is not between 1 and r - 1. */
bool bls_public_key(uint8_t *key, const uint8_t *secret);

/* Decodes a public key; false unless canonical, in G2 and not infinity. */
bool bls_parse_key(uint8_t *point, const uint8_t *key);

/* Sum of decoded public keys; false if it is infinity or a point is not on the curve. */
bool bls_sum_keys(uint8_t *sum, const uint8_t *points, size_t count);

#endif
