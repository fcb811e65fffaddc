// Keccak-f[1600] (FIPS 202) as SHA3-256 absorbs a message of 64 KiB.
#include <tools/vm/kernels/kernel.hpp>

namespace {

constexpr uint32_t kLanes = 25;
constexpr uint32_t kRounds = 24;
constexpr uint32_t kRateLanes = 17;  ///< of SHA3-256
constexpr uint32_t kMessageLanes = 8 * 1024;

constexpr uint64_t kRound[kRounds] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008};
constexpr uint32_t kRotation[24] = {1,  3,  6,  10, 15, 21, 28, 36, 45, 55, 2,  14,
                                    27, 41, 56, 8,  25, 43, 62, 18, 39, 61, 20, 44};
constexpr uint32_t kLane[24] = {10, 7,  11, 17, 18, 3, 5,  16, 8,  21, 24, 4,
                                15, 23, 19, 13, 12, 2, 20, 14, 22, 9,  6,  1};

uint64_t message[kMessageLanes];
uint64_t lanes[kLanes];

uint64_t rotate(uint64_t x, uint32_t by) { return (x << by) | (x >> (64 - by)); }

void permute() {
    uint64_t columns[5];
    for (uint32_t round = 0; round < kRounds; ++round) {
        for (uint32_t x = 0; x < 5; ++x) {
            columns[x] = lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20];
        }
        for (uint32_t x = 0; x < 5; ++x) {
            const uint64_t change = columns[(x + 4) % 5] ^ rotate(columns[(x + 1) % 5], 1);
            for (uint32_t y = 0; y < kLanes; y += 5) {
                lanes[y + x] ^= change;
            }
        }
        uint64_t carried = lanes[1];
        for (uint32_t i = 0; i < 24; ++i) {
            const uint64_t next = lanes[kLane[i]];
            lanes[kLane[i]] = rotate(carried, kRotation[i]);
            carried = next;
        }
        for (uint32_t y = 0; y < kLanes; y += 5) {
            for (uint32_t x = 0; x < 5; ++x) {
                columns[x] = lanes[y + x];
            }
            for (uint32_t x = 0; x < 5; ++x) {
                lanes[y + x] = columns[x] ^ (~columns[(x + 1) % 5] & columns[(x + 2) % 5]);
            }
        }
        lanes[0] ^= kRound[round];
    }
}

}  // namespace

/// @param size times that the message is absorbed
POLIS_KERNEL(keccak) {
    polis::kernels::Numbers numbers(2);
    for (uint64_t& lane : message) {
        lane = numbers.next();
    }
    for (uint64_t& lane : lanes) {
        lane = 0;
    }
    for (uint32_t round = 0; round < size; ++round) {
        for (uint32_t at = 0; at + kRateLanes <= kMessageLanes; at += kRateLanes) {
            for (uint32_t i = 0; i < kRateLanes; ++i) {
                lanes[i] ^= message[at + i];
            }
            permute();
        }
    }
    return lanes[0] ^ lanes[24];
}
