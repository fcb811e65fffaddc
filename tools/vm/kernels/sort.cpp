// Quicksort of 50,000 numbers with insertion sort for the short ends, then a search for each.
#include <tools/vm/kernels/kernel.hpp>

namespace {

constexpr uint32_t kCount = 50'000;
constexpr uint32_t kShort = 12;

uint32_t numbers_of[kCount];

void insertion_sort(uint32_t* values, uint32_t count) {
    for (uint32_t i = 1; i < count; ++i) {
        const uint32_t value = values[i];
        uint32_t j = i;
        for (; j > 0 && values[j - 1] > value; --j) {
            values[j] = values[j - 1];
        }
        values[j] = value;
    }
}

uint32_t partition(uint32_t* values, uint32_t count) {
    const uint32_t pivot = values[count / 2];
    uint32_t i = 0;
    uint32_t j = count - 1;
    while (true) {
        while (values[i] < pivot) {
            ++i;
        }
        while (values[j] > pivot) {
            --j;
        }
        if (i >= j) {
            return j + 1;
        }
        const uint32_t swapped = values[i];
        values[i++] = values[j];
        values[j--] = swapped;
    }
}

void quicksort(uint32_t* values, uint32_t count) {  // NOLINT(misc-no-recursion): shorter side only
    while (count > kShort) {
        const uint32_t middle = partition(values, count);
        if (middle < count - middle) {
            quicksort(values, middle);
            values += middle;
            count -= middle;
        } else {
            quicksort(values + middle, count - middle);
            count = middle;
        }
    }
    insertion_sort(values, count);
}

uint32_t find(uint32_t value) {
    uint32_t begin = 0;
    uint32_t end = kCount;
    while (begin < end) {
        const uint32_t middle = (begin + end) / 2;
        if (numbers_of[middle] < value) {
            begin = middle + 1;
        } else {
            end = middle;
        }
    }
    return begin;
}

}  // namespace

/// @param size sorts
POLIS_KERNEL(sort) {
    uint64_t sum = 0;
    for (uint32_t round = 0; round < size; ++round) {
        polis::kernels::Numbers numbers(round);
        for (uint32_t& value : numbers_of) {
            value = static_cast<uint32_t>(numbers.next());
        }
        quicksort(numbers_of, kCount);
        for (uint32_t i = 0; i < kCount; ++i) {
            sum = polis::kernels::mix(sum, find(static_cast<uint32_t>(i * 85'899)));
        }
    }
    return sum;
}
