#include <tests/fuzz/peers_seeds.hpp>

#include <core/blob.hpp>
#include <p2p/blobs/messages.hpp>
#include <p2p/peers/messages.hpp>
#include <p2p/peers/saved.hpp>

namespace polis::fuzz {

namespace {

using namespace p2p;

Bytes behind(Bytes head, ByteView rest) {
    append(head, rest);
    return head;
}

/// Time passed, who speaks, how long, what.
Bytes said(std::uint8_t time, std::uint8_t who, ByteView message) {
    return behind({time, who, static_cast<std::uint8_t>(message.size())}, message);
}

void add_exchange(std::map<std::string, Bytes>& out) {
    const Bytes question = codec::encode(PeersMessage{PeersQuestion{}});
    PeersAnswer some;
    for (const char* text : {"8.8.8.8:26600", "127.0.0.1:20001", "[2a00:1450::1]:26600"}) {
        some.endpoints.insert(*parse_endpoint(text));
    }
    const Bytes answer = codec::encode(PeersMessage{some});
    out["peer_exchange/seed_question"] = behind({0}, question);
    out["peer_exchange/seed_answer"] = behind({0}, answer);
    Bytes talk{1, 0};
    for (std::uint8_t i = 0; i < 4; ++i) {
        append(talk, said(0, i, question));
        append(talk, said(200, i, answer));
    }
    out["peer_exchange/seed_talk"] = talk;
    talk[1] = 1;
    out["peer_exchange/seed_talk_open"] = talk;
}

void add_book(std::map<std::string, Bytes>& out) {
    SavedBook book;
    book.secret = Hash{{4, 2}};
    BookEntry entry;
    entry.endpoint = *parse_endpoint("8.8.8.8:26600");
    entry.source_endpoint = *parse_endpoint("9.9.9.9:26600");
    book.entries.push_back(entry);
    entry.endpoint = *parse_endpoint("127.0.0.1:20001");
    entry.table = Table::kTried;
    entry.id = NodeId{{7}};
    book.entries.push_back(entry);
    book.anchors.push_back({.endpoint = entry.endpoint, .id = NodeId{{7}}});
    book.bans[NodeId{{8}}] = {.until = TimeMs{1'000'000'000}, .reason = "lied"};
    out["peer_book/seed_content"] = behind({0, 3}, codec::encode(book));
    out["peer_book/seed_file"] = behind({1, 3}, encode_book(book));
}

void add_blobs(std::map<std::string, Bytes>& out) {
    const Bytes content{1, 2, 3, 4};
    BlobHasher hasher;
    hasher.update(content);
    const BlobShape shape = hasher.finish();
    const Hash root = root_of(shape);
    const std::map<std::string, BlobMessage> messages{
        {"query", BlobQuery{root}},
        {"have", BlobHave{.root = root, .shape = shape}},
        {"have_not", BlobHave{.root = root, .shape = {}}},
        {"request", BlobChunkRequest{.root = root, .indexes = {0, 3}}},
        {"chunk", BlobChunk{.root = root, .index = 0, .bytes = content, .siblings = {Hash{}}}},
        {"busy", BlobBusy{root}}};
    Bytes talk{1};
    for (const auto& [name, message] : messages) {
        const Bytes bytes = codec::encode(message);
        out["blob_messages/seed_" + name] = behind({0}, bytes);
        append(talk, Bytes{1, 0, 4});
        append(talk, behind({static_cast<std::uint8_t>(bytes.size())}, bytes));
    }
    out["blob_messages/seed_talk"] = talk;
    out["blob_messages/seed_fetch"] = Bytes{1, 0, 0, 0, 0, 0, 2, 1, 9, 0, 1, 0, 0, 1, 1};
}

}  // namespace

std::map<std::string, Bytes> peers_seeds() {
    std::map<std::string, Bytes> out;
    add_exchange(out);
    add_book(out);
    add_blobs(out);
    return out;
}

}  // namespace polis::fuzz
