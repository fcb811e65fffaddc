#include <ledger/store/fault_store.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

#include <core/check.hpp>

namespace polis::ledger {

FaultStore::FaultStore(std::uint64_t seed, MemoryImage image)
    : visible_(image), durable_(std::move(image)), random_(seed, "fault_store") {}

void FaultStore::inject(const StoreFaultPlan& plan) {
    const std::lock_guard lock(mutex_);
    plan_ = plan;
    fired_ = false;
}

void FaultStore::crash() { latch_.halt({StoreErrc::kIo, "the power failed"}); }

/// True if the armed fault is this one and due; takes it.
bool FaultStore::strikes(StoreFault fault) const {
    if (!plan_ || plan_->fault != fault || calls_ < plan_->call) {
        return false;
    }
    plan_.reset();
    fired_ = true;
    return true;
}

std::unexpected<StoreError> FaultStore::halted_by(StoreErrc code, const char* what) const {
    const StoreError error{code, what};
    latch_.halt(error);
    return std::unexpected(error);
}

/// Counts the call and lets the faults strike that any call may meet.
StoreResult<void> FaultStore::begin_call() const {
    POLIS_TRY_VOID(latch_.check());
    ++calls_;
    if (plan_ && plan_->fault == StoreFault::kFlipStored) {
        flip_stored();
    }
    return {};
}

/// What may strike a read before it starts. A read that fails does not halt the store.
StoreResult<void> FaultStore::begin_read() const {
    POLIS_TRY_VOID(begin_call());
    if (strikes(StoreFault::kCrash)) {
        return halted_by(StoreErrc::kHalted, "the power failed");
    }
    if (strikes(StoreFault::kIo)) {
        return std::unexpected(StoreError{StoreErrc::kIo, "read: injected input/output error"});
    }
    return {};
}

Bytes FaultStore::flipped(Bytes value) const {
    const std::uint64_t bit = random_.below(value.size() * 8);
    std::uint8_t& byte = value[static_cast<std::size_t>(bit / 8)];
    byte = static_cast<std::uint8_t>(byte ^ (1U << (bit % 8)));
    return value;
}

/// The batch with another value wherever it puts `old_value` under `key`.
WriteBatch FaultStore::replaced(
    const WriteBatch& batch, ByteView key, ByteView old_value, ByteView new_value) {
    WriteBatch out;
    batch.visit([&](ByteView row_key, std::optional<ByteView> value) {
        if (!value) {
            out.remove(row_key);
        } else {
            out.put(row_key, equal(row_key, key) && equal(*value, old_value) ? new_value : *value);
        }
    });
    return out;
}

/// Changes a row for readers and on the medium alike.
void FaultStore::flip_stored() const {
    const MemoryImage image = visible_.image();
    std::vector<MemoryImage::const_iterator> rows;
    for (auto row = image.begin(); row != image.end(); ++row) {
        if (!row->second.empty()) {
            rows.push_back(row);
        }
    }
    if (rows.empty() || !strikes(StoreFault::kFlipStored)) {
        return;
    }
    const auto& [key, old_value] = *random_.pick(rows);
    const Bytes new_value = flipped(old_value);
    WriteBatch change;
    change.put(key, new_value);
    const auto written = visible_.write(change, Durability::kSynced);
    POLIS_ASSERT(written.has_value());  // memory does not fail
    if (const auto row = durable_.find(key); row != durable_.end() && row->second == old_value) {
        row->second = new_value;
    }
    for (WriteBatch& batch : unsynced_) {
        batch = replaced(batch, key, old_value, new_value);
    }
}

StoreResult<std::optional<Bytes>> FaultStore::get(ByteView key) const {
    const std::lock_guard lock(mutex_);
    POLIS_TRY_VOID(begin_read());
    POLIS_TRY(std::optional<Bytes> value, visible_.get(key));
    if (value && !value->empty() && strikes(StoreFault::kFlipRead)) {
        value = flipped(std::move(*value));
    }
    return value;
}

StoreResult<void> FaultStore::scan(ByteView first, ByteView last, const ScanVisitor& visit) const {
    {
        const std::lock_guard lock(mutex_);
        POLIS_TRY_VOID(begin_read());
    }
    // The visitor runs without the lock, so that it may use the store.
    return visible_.scan(first, last, [this, &visit](ByteView key, ByteView value) {
        std::optional<Bytes> changed;
        {
            const std::lock_guard lock(mutex_);
            if (!value.empty() && strikes(StoreFault::kFlipRead)) {
                changed = flipped(to_bytes(value));
            }
        }
        return visit(key, changed ? ByteView{*changed} : value);
    });
}

StoreResult<void> FaultStore::write(const WriteBatch& batch, Durability durability) {
    const std::lock_guard lock(mutex_);
    POLIS_TRY_VOID(begin_call());
    if (strikes(StoreFault::kIo)) {
        return halted_by(StoreErrc::kIo, "write: injected input/output error");
    }
    if (strikes(StoreFault::kNoSpace)) {
        return halted_by(StoreErrc::kNoSpace, "write: injected, the disk is full");
    }
    // From here on the batch has left for the medium: it may survive even if nobody is told.
    unsynced_.push_back(batch);
    if (strikes(StoreFault::kCrash)) {
        return halted_by(StoreErrc::kHalted, "the power failed");
    }
    const bool synced = durability == Durability::kSynced;
    if (synced && strikes(StoreFault::kFailedSync)) {
        return halted_by(StoreErrc::kIo, "sync: injected input/output error");
    }
    POLIS_TRY_VOID(visible_.write(batch, durability));
    if (synced) {
        for (const WriteBatch& earlier : std::exchange(unsynced_, {})) {
            apply_batch(durable_, earlier);
        }
    }
    return {};
}

std::uint64_t FaultStore::size_bytes() const { return visible_.size_bytes(); }

MemoryImage FaultStore::surviving_image(BatchLoss loss, std::uint64_t seed) const {
    const std::lock_guard lock(mutex_);
    MemoryImage image = durable_;
    if (loss == BatchLoss::kKeepsSomePrefix) {
        Random random(seed, "power_loss");
        const std::uint64_t kept = random.below(unsynced_.size() + 1);
        for (std::size_t i = 0; i < kept; ++i) {
            apply_batch(image, unsynced_[i]);
        }
    }
    return image;
}

std::uint64_t FaultStore::calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
}

bool FaultStore::fired() const {
    const std::lock_guard lock(mutex_);
    return fired_;
}

}  // namespace polis::ledger
