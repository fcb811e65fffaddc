// What a node makes of its peers. The first byte picks: one message decoded and encoded again, or a
// validator of a fresh chain to which the three others speak while time passes. Keys and signatures
// are real, and the seeds hold what honest ones said: nothing that comes may stop the node.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <variant>

#include <consensus/checker.hpp>
#include <core/bytes.hpp>
#include <core/check.hpp>
#include <core/worker_pool.hpp>
#include <genesis/builder.hpp>
#include <ledger/store/memory_store.hpp>
#include <node/validator/validator.hpp>
#include <node/validator/wire.hpp>
#include <tests/fuzz/choices.hpp>
#include <tests/node/network.hpp>

namespace polis::node {
namespace {

constexpr PeerId kPeers = 3;

const genesis::Genesis& network() {
    static const genesis::Genesis out = testing::dev_genesis(4);
    return out;
}

class Conversation {
  public:
    Conversation() {
        Validator::Setup setup;
        setup.chain =
            ledger::Chain::create(std::make_unique<ledger::MemoryStore>(), network().state, {})
                .value();
        setup.identity = testing::dev_identity(0);
        setup.checker = &checker_;
        setup.workers = &workers_;
        setup.options.mempool.bytes_max = 1 << 20;
        validator_ = Validator::open(std::move(setup)).value();
        check(validator_->start(now_));
        for (PeerId peer = 1; peer <= kPeers; ++peer) {
            step(PeerJoined{peer});
        }
    }

    void run(fuzz::Choices choices) {
        while (!choices.empty()) {
            now_.value += choices.byte() * std::uint64_t{10};
            step(Tick{});
            const PeerId peer = 1 + choices.byte() % kPeers;
            const std::size_t high = choices.byte();
            const ByteView bytes = choices.take(high * 256 + choices.byte());
            if (bytes.empty()) {
                step(PeerLeft{peer});
                step(PeerJoined{peer});
            } else {
                step(PeerBytes{peer, to_bytes(bytes)});
            }
        }
        (void)validator_->view();
        POLIS_ASSERT_OP(validator_->memory_bytes(), <, std::size_t{64} << 20);
    }

  private:
    void step(const ValidatorInput& input) { check(validator_->step(input, now_)); }

    static void check(const ValidatorOutputs& outputs) {
        for (const ValidatorOutput& output : outputs) {
            POLIS_ASSERT(!std::holds_alternative<StopNode>(output));
            if (const auto* const sent = std::get_if<SendTo>(&output)) {
                POLIS_ASSERT(decode_wire(sent->bytes).has_value());
            }
        }
    }

    consensus::PlainChecker checker_;
    WorkerPool workers_{0};
    std::unique_ptr<Validator> validator_;
    TimeMs now_{testing::kStartMs};
};

void check_message(ByteView bytes) {
    if (const auto message = decode_wire(bytes)) {
        POLIS_ASSERT(equal(encode_wire(*message), bytes));
        POLIS_ASSERT(channel_of_bytes(bytes) == channel_of(*message));
    }
}

}  // namespace
}  // namespace polis::node

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    polis::fuzz::Choices choices({data, size});
    if (choices.byte() % 2 == 0) {
        polis::node::check_message(choices.rest());
    } else {
        polis::node::Conversation().run(choices);
    }
    return 0;
}
