#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include <consensus/committee.hpp>
#include <consensus/pbft/certificate.hpp>
#include <consensus/pbft/messages.hpp>
#include <consensus/sync/limits.hpp>
#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <core/types.hpp>

/// What nodes ask each other to catch up. Byte layouts: docs/formats/sync.md.
namespace polis::sync {

// ---- blocks -------------------------------------------------------------------------------------

/// "I have these blocks": sent when a connection opens and when the head moves. Not trusted.
struct HeadClaim {
    Height base;  ///< lowest block that can be served, at least 1; a restored chain has no history
    Height head;  ///< highest block

    bool operator==(const HeadClaim&) const = default;
    static constexpr auto kFields = codec::fields(&HeadClaim::base, &HeadClaim::head);
};

struct BlockRequest {
    std::uint64_t id = 0;  ///< the answer repeats it
    Height from;
    std::uint32_t count = 0;  ///< 1 to kAnswerBlocksMax

    bool operator==(const BlockRequest&) const = default;
    static constexpr auto kFields =
        codec::fields(&BlockRequest::id, &BlockRequest::from, &BlockRequest::count);
};

/// A block and the commit certificate that makes it final.
struct SyncedBlock {
    Bytes block;  ///< encoded; opaque to sync
    pbft::Certificate certificate;

    bool operator==(const SyncedBlock&) const = default;
    static constexpr auto kFields = codec::fields(
        codec::bounded(&SyncedBlock::block, kSyncBlockBytesMax), &SyncedBlock::certificate);
};

/// Consecutive blocks from `from`; fewer than asked if they fill kAnswerBytes or the chain ends;
/// none if the first one is not here.
struct BlockResponse {
    std::uint64_t id = 0;
    Height from;
    std::vector<SyncedBlock> blocks;

    bool operator==(const BlockResponse&) const = default;
    static constexpr auto kFields = codec::fields(
        &BlockResponse::id,
        &BlockResponse::from,
        codec::bounded(&BlockResponse::blocks, kAnswerBlocksMax));
};

/// "Not now": the asker has used up what this node gives one peer. Nobody's fault.
struct BlockBusy {
    std::uint64_t id = 0;

    bool operator==(const BlockBusy&) const = default;
    static constexpr auto kFields = codec::fields(&BlockBusy::id);
};

// ---- bodies -------------------------------------------------------------------------------------

/// Asks for the summary of a proposed block, or for transactions of it.
struct BodyRequest {
    Hash digest;
    bool summary = false;                ///< the summary is wanted; then no indexes
    std::vector<std::uint32_t> indexes;  ///< ascending places in Summary::txns

    bool operator==(const BodyRequest&) const = default;
    static constexpr auto kFields = codec::fields(
        &BodyRequest::digest,
        &BodyRequest::summary,
        codec::bounded(&BodyRequest::indexes, kBodyItemsMax));
};

struct BodySummary {
    Hash digest;
    std::optional<pbft::Summary> summary;  ///< nothing: not here, or not now

    bool operator==(const BodySummary&) const = default;
    static constexpr auto kFields = codec::fields(&BodySummary::digest, &BodySummary::summary);
};

struct BodyItem {
    std::uint32_t index = 0;
    Bytes bytes;  ///< encoded transaction

    bool operator==(const BodyItem&) const = default;
    static constexpr auto kFields =
        codec::fields(&BodyItem::index, codec::bounded(&BodyItem::bytes, kBodyItemBytesMax));
};

/// Some of the items asked for, ascending; the others are not here or did not fit.
struct BodyItems {
    Hash digest;
    std::vector<BodyItem> items;

    bool operator==(const BodyItems&) const = default;
    static constexpr auto kFields =
        codec::fields(&BodyItems::digest, codec::bounded(&BodyItems::items, kBodyItemsMax));
};

// ---- snapshots ----------------------------------------------------------------------------------

struct OffersRequest {
    bool operator==(const OffersRequest&) const = default;
    static constexpr auto kFields = codec::fields();
};

/// A snapshot that the sender can serve.
struct SnapshotOffer {
    Height height;
    Hash block;
    Hash state_root;  ///< after that block
    Hash manifest;    ///< manifest_hash() of its manifest

    auto operator<=>(const SnapshotOffer&) const = default;
    static constexpr auto kFields = codec::fields(
        &SnapshotOffer::height,
        &SnapshotOffer::block,
        &SnapshotOffer::state_root,
        &SnapshotOffer::manifest);
};

struct SnapshotOffers {
    std::vector<SnapshotOffer> offers;

    bool operator==(const SnapshotOffers&) const = default;
    static constexpr auto kFields =
        codec::fields(codec::bounded(&SnapshotOffers::offers, kOffersMax));
};

struct ManifestRequest {
    Hash manifest;

    bool operator==(const ManifestRequest&) const = default;
    static constexpr auto kFields = codec::fields(&ManifestRequest::manifest);
};

struct ManifestResponse {
    Hash manifest;
    Bytes bytes;  ///< encoded; empty: not here

    bool operator==(const ManifestResponse&) const = default;
    static constexpr auto kFields = codec::fields(
        &ManifestResponse::manifest, codec::bounded(&ManifestResponse::bytes, kManifestBytesMax));
};

/// The step from the committee of one term to that of the next.
struct TermLink {
    Bytes header;                            ///< of any block of the term
    pbft::Certificate certificate;           ///< commit certificate of it, by the term's committee
    std::vector<consensus::Member> members;  ///< the committee that the header names as the next

    bool operator==(const TermLink&) const = default;
    static constexpr auto kFields = codec::fields(
        codec::bounded(&TermLink::header, pbft::kHeaderBytesMax),
        &TermLink::certificate,
        codec::bounded(&TermLink::members, consensus::kCommitteeMax));
};

struct LinksRequest {
    Term from;
    std::uint32_t count = 0;  ///< 1 to kLinksMax

    bool operator==(const LinksRequest&) const = default;
    static constexpr auto kFields = codec::fields(&LinksRequest::from, &LinksRequest::count);
};

/// Links of consecutive terms; none if the first one is not here.
struct LinksResponse {
    Term from;
    std::vector<TermLink> links;

    bool operator==(const LinksResponse&) const = default;
    static constexpr auto kFields =
        codec::fields(&LinksResponse::from, codec::bounded(&LinksResponse::links, kLinksMax));
};

/// What ties a snapshot to the committees: its block, and the finalized header that names the state
/// after it.
struct Anchor {
    SyncedBlock block;                   ///< at the snapshot's height
    Bytes next_header;                   ///< of the height after it
    pbft::Certificate next_certificate;  ///< commit certificate of that header

    bool operator==(const Anchor&) const = default;
    static constexpr auto kFields = codec::fields(
        &Anchor::block,
        codec::bounded(&Anchor::next_header, pbft::kHeaderBytesMax),
        &Anchor::next_certificate);
};

struct AnchorRequest {
    Height height;  ///< of the snapshot

    bool operator==(const AnchorRequest&) const = default;
    static constexpr auto kFields = codec::fields(&AnchorRequest::height);
};

struct AnchorResponse {
    Height height;
    std::optional<Anchor> anchor;  ///< nothing: not here

    bool operator==(const AnchorResponse&) const = default;
    static constexpr auto kFields = codec::fields(&AnchorResponse::height, &AnchorResponse::anchor);
};

struct ChunkRequest {
    Hash manifest;
    std::uint32_t index = 0;

    bool operator==(const ChunkRequest&) const = default;
    static constexpr auto kFields = codec::fields(&ChunkRequest::manifest, &ChunkRequest::index);
};

struct ChunkResponse {
    Hash manifest;
    std::uint32_t index = 0;
    Bytes bytes;  ///< empty: not here

    bool operator==(const ChunkResponse&) const = default;
    static constexpr auto kFields = codec::fields(
        &ChunkResponse::manifest,
        &ChunkResponse::index,
        codec::bounded(&ChunkResponse::bytes, kChunkBytesMax));
};

/// Append only: the position is the tag on the wire.
using SnapshotRequest =
    std::variant<OffersRequest, ManifestRequest, LinksRequest, AnchorRequest, ChunkRequest>;
using SnapshotResponse =
    std::variant<SnapshotOffers, ManifestResponse, LinksResponse, AnchorResponse, ChunkResponse>;

/// Name of a manifest: BLAKE2b-256, tag `polis.manifest`, of its bytes.
[[nodiscard]] Hash manifest_hash(ByteView manifest);

}  // namespace polis::sync
