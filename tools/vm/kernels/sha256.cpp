// SHA-256 (FIPS 180-4) over a message of 64 KiB.
#include <tools/vm/kernels/kernel.hpp>

namespace {

constexpr uint32_t kBytes = 64 * 1024;
constexpr uint32_t kBlock = 64;

constexpr uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

uint8_t message[kBytes + kBlock];
uint32_t state[8];

uint32_t rotate(uint32_t x, uint32_t by) { return (x >> by) | (x << (32 - by)); }

uint32_t read_big_endian(const uint8_t* from) {
    return static_cast<uint32_t>(from[0]) << 24 | static_cast<uint32_t>(from[1]) << 16 |
           static_cast<uint32_t>(from[2]) << 8 | from[3];
}

void compress(const uint8_t* block) {
    uint32_t w[64];
    for (uint32_t i = 0; i < 16; ++i) {
        w[i] = read_big_endian(block + 4 * i);
    }
    for (uint32_t i = 16; i < 64; ++i) {
        const uint32_t a = w[i - 15];
        const uint32_t b = w[i - 2];
        w[i] = w[i - 16] + w[i - 7] + (rotate(a, 7) ^ rotate(a, 18) ^ (a >> 3)) +
               (rotate(b, 17) ^ rotate(b, 19) ^ (b >> 10));
    }
    uint32_t v[8];
    for (uint32_t i = 0; i < 8; ++i) {
        v[i] = state[i];
    }
    for (uint32_t i = 0; i < 64; ++i) {
        const uint32_t one = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25);
        const uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
        const uint32_t first = v[7] + one + choice + kRound[i] + w[i];
        const uint32_t zero = rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22);
        const uint32_t most = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
        for (uint32_t j = 7; j > 0; --j) {
            v[j] = v[j - 1];
        }
        v[4] += first;
        v[0] = first + zero + most;
    }
    for (uint32_t i = 0; i < 8; ++i) {
        state[i] += v[i];
    }
}

/// The padding of a message of whole blocks is a block of its own.
void pad() {
    uint8_t* last = message + kBytes;
    for (uint32_t i = 0; i < kBlock; ++i) {
        last[i] = 0;
    }
    last[0] = 0x80;
    for (uint32_t i = 0; i < 8; ++i) {
        last[56 + i] = static_cast<uint8_t>((uint64_t{kBytes} * 8) >> (56 - 8 * i));
    }
}

}  // namespace

/// @param size hashes, each of the message with the one before written into it
POLIS_KERNEL(sha256) {
    polis::kernels::Numbers numbers(1);
    for (uint32_t i = 0; i < kBytes; ++i) {
        message[i] = static_cast<uint8_t>(numbers.next());
    }
    pad();
    constexpr uint32_t kStart[8] = {
        0x6a09e667,
        0xbb67ae85,
        0x3c6ef372,
        0xa54ff53a,
        0x510e527f,
        0x9b05688c,
        0x1f83d9ab,
        0x5be0cd19};
    for (uint32_t round = 0; round < size; ++round) {
        for (uint32_t i = 0; i < 8; ++i) {
            state[i] = kStart[i];
        }
        for (uint32_t at = 0; at < kBytes + kBlock; at += kBlock) {
            compress(message + at);
        }
        message[round % kBytes] ^= static_cast<uint8_t>(state[0]);
    }
    return static_cast<uint64_t>(state[0]) << 32 | state[7];
}
