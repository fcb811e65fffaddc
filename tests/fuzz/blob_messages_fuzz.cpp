// Blob messages as a peer may send them. The first byte picks: one message decoded and encoded
// again, or a conversation with a fetch and a server. Nothing but the right chunk is ever stored.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include <core/blob.hpp>
#include <core/bytes.hpp>
#include <core/check.hpp>
#include <p2p/blobs.hpp>
#include <tests/fuzz/choices.hpp>
#include <tests/fuzz/round_trip.hpp>

namespace polis::p2p {
namespace {

/// One short blob, so that an input can hold its only chunk.
class OneBlob final : public BlobSource {
  public:
    OneBlob() {
        BlobHasher hasher;
        hasher.update(bytes_);
        shape_ = hasher.finish();
    }

    [[nodiscard]] std::optional<BlobShape> shape(const Hash& root) const override {
        return root == root_of(shape_) ? std::optional{shape_} : std::nullopt;
    }

    [[nodiscard]] BlobChunk chunk(const Hash& root, std::uint32_t index) const override {
        BlobChunk out;
        if (root == root_of(shape_) && index == 0) {
            out.bytes = bytes_;
        }
        return out;
    }

    [[nodiscard]] const BlobShape& known() const { return shape_; }

    [[nodiscard]] const Bytes& bytes() const { return bytes_; }

  private:
    Bytes bytes_{1, 2, 3, 4};
    BlobShape shape_;
};

class Conversation {
  public:
    explicit Conversation(fuzz::Choices choices) : choices_(choices) {}

    void run() {
        const Hash root = root_of(blob_.known());
        POLIS_ASSERT(fetch_.want(root, now_));
        check(fetch_.peer_up(1, now_));
        check(fetch_.peer_up(2, now_));
        while (!choices_.empty()) {
            now_.value += choices_.byte() * std::uint64_t{50};
            const ConnectionId from = 1 + choices_.byte() % 2;
            step(from, choices_.byte());
            check(fetch_.tick(now_));
            POLIS_ASSERT_OP(fetch_.in_flight(), <=, BlobFetch::Limits{}.in_flight_max);
        }
    }

  private:
    void step(ConnectionId from, std::uint8_t choice) {
        const Hash root = root_of(blob_.known());
        BlobChunk right = blob_.chunk(root, 0);
        right.root = root;
        switch (choice % 6) {
            case 0:
                check(fetch_.on_have(from, {.root = root, .shape = blob_.known()}, now_));
                break;
            case 1:
                check(fetch_.on_chunk(from, right, now_));
                break;
            case 2:
                right.bytes[choices_.byte() % 4] ^= choices_.byte();
                check(fetch_.on_chunk(from, right, now_));
                break;
            case 3:
                check(fetch_.peer_down(from, now_));
                check(fetch_.peer_up(from, now_));
                break;
            default:
                receive(from, choices_.take(choices_.byte()));
        }
    }

    void receive(ConnectionId from, ByteView bytes) {
        const auto message = decode_blob_message(bytes);
        if (!message) {
            return;
        }
        if (const auto* query = std::get_if<BlobQuery>(&*message)) {
            check(serve_.on_query(from, *query, blob_, now_));
        } else if (const auto* request = std::get_if<BlobChunkRequest>(&*message)) {
            check(serve_.on_request(from, *request, blob_, now_));
        } else if (const auto* have = std::get_if<BlobHave>(&*message)) {
            check(fetch_.on_have(from, *have, now_));
        } else if (const auto* chunk = std::get_if<BlobChunk>(&*message)) {
            check(fetch_.on_chunk(from, *chunk, now_));
        } else {
            check(fetch_.on_busy(from, std::get<BlobBusy>(*message), now_));
        }
    }

    void check(const BlobEffects& effects) {
        for (const BlobEffect& effect : effects) {
            if (const auto* send = std::get_if<SendBlob>(&effect)) {
                POLIS_ASSERT(decode_blob_message(send->bytes).has_value());
            } else if (const auto* found = std::get_if<BlobFound>(&effect)) {
                POLIS_ASSERT(found->shape == blob_.known());
                check(fetch_.have(found->root, std::vector<bool>(1), now_));
            } else if (const auto* store = std::get_if<StoreBlobChunk>(&effect)) {
                POLIS_ASSERT(store->index == 0 && store->bytes == blob_.bytes());
            }
        }
    }

    fuzz::Choices choices_;
    const OneBlob blob_;
    BlobFetch fetch_{BlobFetch::Limits{}};
    BlobServe serve_{BlobServe::Limits{}};
    TimeMs now_{1'000};
};

}  // namespace
}  // namespace polis::p2p

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    polis::fuzz::Choices choices({data, size});
    if (choices.byte() % 2 == 0) {
        (void)polis::fuzz::decode_canonical<polis::p2p::BlobMessage>(choices.rest());
    } else {
        polis::p2p::Conversation(choices).run();
    }
    return 0;
}
