// A table of accounts with open addressing: find, insert, move an amount between two.
#include <tools/vm/kernels/kernel.hpp>

namespace {

constexpr uint32_t kPlaces = 16'384;
constexpr uint32_t kAccounts = 10'000;

struct Account {
    uint64_t key;  ///< 0: an empty place
    uint64_t balance;
};

Account places[kPlaces];

Account& find(uint64_t key) {
    uint32_t place = static_cast<uint32_t>((key * 0x9e3779b97f4a7c15) >> 50);
    while (places[place].key != 0 && places[place].key != key) {
        place = (place + 1) % kPlaces;
    }
    return places[place];
}

bool transfer(uint64_t sender, uint64_t receiver, uint64_t amount) {
    Account& source = find(sender);
    if (source.balance < amount) {
        return false;
    }
    Account& target = find(receiver);
    source.balance -= amount;
    target.balance += amount;
    return true;
}

}  // namespace

/// @param size transfers
POLIS_KERNEL(accounts) {
    for (Account& place : places) {
        place = {0, 0};
    }
    for (uint64_t i = 1; i <= kAccounts; ++i) {
        Account& fresh = find(i * i);
        fresh = {i * i, 1'000};
    }
    polis::kernels::Numbers numbers(8);
    uint64_t done = 0;
    for (uint32_t i = 0; i < size; ++i) {
        const uint64_t sender = numbers.below(kAccounts) + 1;
        const uint64_t receiver = numbers.below(kAccounts) + 1;
        done += transfer(sender * sender, receiver * receiver, numbers.below(700)) ? 1 : 0;
    }
    uint64_t sum = done;
    for (const Account& place : places) {
        sum = polis::kernels::mix(sum, place.balance);
    }
    return sum;
}
