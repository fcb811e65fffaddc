// Blocks and branches of random bodies.
#include <array>

#include <tests/vm/random_body.hpp>

namespace polis::vm::tests {

namespace {

constexpr std::size_t kBlocksMax = 12;
constexpr std::uint64_t kDeepNesting = 100;

}  // namespace

void BodyMaker::open() {
    if (blocks_.size() >= kBlocksMax) {
        return close();
    }
    constexpr std::array<Kind, 5> kKinds{
        Kind::kBlock, Kind::kBlock, Kind::kLoop, Kind::kIf, Kind::kIf};
    const Kind kind = decisions_.pick(kKinds);
    std::optional<ValueType> result;
    if (decisions_.chance(1, 2)) {
        result = some_type();
    }
    if (kind == Kind::kIf) {
        need({kI32});
        pop(1);
        code_.if_(result);
    } else if (kind == Kind::kLoop) {
        code_.loop(result);
    } else {
        code_.block(result);
    }
    blocks_.push_back({.kind = kind, .result = result, .height = stack_.size()});
}

void BodyMaker::open_counted_loop() {
    if (blocks_.size() >= kBlocksMax || counters_used_ == kCounters) {
        return close();
    }
    const std::uint32_t counter = counters_begin_ + counters_used_++;
    code_.i32(static_cast<std::int32_t>(decisions_.between(1, 9))).set(counter).loop();
    blocks_.push_back({.kind = Kind::kLoop, .height = stack_.size(), .counter = counter});
}

/// Blocks within blocks and a branch out of some of them.
void BodyMaker::nest_deeply() {
    const auto depth = decisions_.between(2, kDeepNesting);
    Code open;
    open.block();
    Code close;
    close.end();
    code_.repeat(open, depth);
    code_.i32(static_cast<std::int32_t>(decisions_.below(2)));
    code_.br_if(static_cast<std::uint32_t>(decisions_.below(depth)));
    if (decisions_.chance(1, 2)) {
        code_.br(static_cast<std::uint32_t>(decisions_.below(depth)));
    }
    code_.repeat(close, depth);
}

void BodyMaker::close() {
    if (blocks_.size() == 1) {
        return binary();
    }
    if (block().kind == Kind::kIf && block().result) {
        start_else();
    }
    if (block().counter) {
        const std::uint32_t counter = *block().counter;
        code_.get(counter).i32(1).op(op::kI32Sub).tee(counter).br_if(0);
    }
    const Block ended = block();
    settle(ended.result);
    code_.end();
    stack_.resize(ended.height);
    blocks_.pop_back();
    push(ended.result);
}

void BodyMaker::start_else() {
    if (block().kind != Kind::kIf) {
        return blocks_.size() < kBlocksMax ? open() : comparison();
    }
    settle(block().result);
    code_.else_();
    stack_.resize(block().height);
    block().kind = Kind::kElse;
    block().is_dead = false;
}

std::optional<ValueType> BodyMaker::carried(std::uint32_t label) const {
    const Block& target = blocks_[blocks_.size() - 1 - label];
    return target.kind == Kind::kLoop ? std::nullopt : target.result;
}

/// Loops without a counter are rarely the target, since most of them would not end.
std::uint32_t BodyMaker::some_label() {
    auto label = static_cast<std::uint32_t>(decisions_.below(blocks_.size()));
    const Block& target = blocks_[blocks_.size() - 1 - label];
    if (target.kind == Kind::kLoop && !decisions_.chance(1, 4)) {
        label = static_cast<std::uint32_t>(blocks_.size() - 1);
    }
    return label;
}

void BodyMaker::branch() {
    if (blocks_.size() == 1 && !decisions_.chance(1, 4)) {
        return binary();
    }
    if (decisions_.chance(1, 5)) {
        if (type_.result) {
            need({*type_.result});
        }
        code_.op(op::kReturn);
        return die();
    }
    const std::uint32_t label = some_label();
    if (const auto value = carried(label)) {
        need({*value});
    }
    code_.br(label);
    die();
}

void BodyMaker::branch_if() {
    const std::uint32_t label = some_label();
    const auto value = carried(label);
    if (value) {
        need({*value, kI32});
    } else {
        need({kI32});
    }
    code_.br_if(label);
    pop(1);
}

void BodyMaker::branch_table() {
    if (blocks_.size() == 1) {
        return comparison();
    }
    const std::uint32_t otherwise = some_label();
    std::vector<std::uint32_t> alike;
    for (std::uint32_t label = 0; label < blocks_.size(); ++label) {
        const bool is_loop = blocks_[blocks_.size() - 1 - label].kind == Kind::kLoop;
        if (carried(label) == carried(otherwise) && (!is_loop || decisions_.chance(1, 4))) {
            alike.push_back(label);
        }
    }
    std::vector<std::uint32_t> labels;
    for (std::uint64_t i = alike.empty() ? 0 : decisions_.below(7); i > 0; --i) {
        labels.push_back(decisions_.pick(alike));
    }
    labels.push_back(otherwise);
    if (const auto value = carried(otherwise)) {
        need({*value, kI32});
    } else {
        need({kI32});
    }
    if (decisions_.chance(3, 4)) {
        code_.i32(7).op(op::kI32And);
    }
    code_.br_table(labels);
    die();
}

}  // namespace polis::vm::tests
