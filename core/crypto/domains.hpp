#pragma once

#include <core/crypto/hash.hpp>

/// Every domain tag of the project, in one place so that two purposes cannot share one.
namespace polis::crypto {

inline constexpr Domain kDomainAddress{"polis.address"};
inline constexpr Domain kDomainTxnId{"polis.txn.id"};
inline constexpr Domain kDomainTxnSign{"polis.txn.sign"};
inline constexpr Domain kDomainHeader{"polis.header"};
inline constexpr Domain kDomainMerkleLeaf{"polis.mt.leaf"};
inline constexpr Domain kDomainMerkleNode{"polis.mt.node"};
inline constexpr Domain kDomainStatePath{"polis.st.path"};
inline constexpr Domain kDomainStateLeaf{"polis.st.leaf"};
inline constexpr Domain kDomainStateNode{"polis.st.node"};
inline constexpr Domain kDomainGenesis{"polis.genesis"};
inline constexpr Domain kDomainCommittee{"polis.committee"};
inline constexpr Domain kDomainPossession{"polis.possession"};
inline constexpr Domain kDomainDevKey{"polis.devkey"};
inline constexpr Domain kDomainStoreRow{"polis.store.row"};
inline constexpr Domain kDomainSnapshot{"polis.snapshot"};
inline constexpr Domain kDomainManifest{"polis.manifest"};

inline constexpr Domain kDomainBlob{"polis.blob"};
inline constexpr Domain kDomainPeerBook{"polis.peers.book"};

inline constexpr Domain kDomainVote{"polis.vote"};
inline constexpr Domain kDomainCertificate{"polis.cert"};
inline constexpr Domain kDomainPrepared{"polis.prepared"};
inline constexpr Domain kDomainFact{"polis.fact"};
inline constexpr Domain kDomainFactSign{"polis.fact.sign"};
inline constexpr Domain kDomainBeacon{"polis.beacon"};

inline constexpr Domain kDomainMapping{"polis.ml.map"};

inline constexpr Domain kDomainTask{"polis.task.id"};
inline constexpr Domain kDomainTaskKey{"polis.task.key"};
inline constexpr Domain kDomainTaskPick{"polis.task.pick"};
inline constexpr Domain kDomainPoleCommit{"polis.pl.commit"};
inline constexpr Domain kDomainPoleScore{"polis.pl.score"};
inline constexpr Domain kDomainPoleSeed{"polis.pl.seed"};
inline constexpr Domain kDomainPoleTie{"polis.pl.tie"};

inline constexpr Domain kDomainContract{"polis.ct.address"};
inline constexpr Domain kDomainCode{"polis.ct.code"};
inline constexpr Domain kDomainStorage{"polis.ct.key"};

inline constexpr Domain kDomainP2pIdentity{"polis.p2p.id"};
// Of names that never leave a process.
inline constexpr Domain kDomainMemo{"polis.memo"};
inline constexpr Domain kDomainProgram{"polis.vm.program"};

}  // namespace polis::crypto
