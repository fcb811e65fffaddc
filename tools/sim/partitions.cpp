#include <tools/sim/partitions.hpp>

#include <numeric>
#include <vector>

namespace polis::sim {

namespace {

using Nodes = std::vector<NodeId>;

void cut_all(std::set<Link>& links, const Nodes& from, const Nodes& to) {
    for (const NodeId sender : from) {
        for (const NodeId receiver : to) {
            links.emplace(sender, receiver);
        }
    }
}

std::set<Link> random_links(std::size_t nodes, Random& random) {
    std::set<Link> links;
    for (NodeId from = 0; from < nodes; ++from) {
        for (NodeId to = 0; to < nodes; ++to) {
            if (from != to && random.chance(1, 3)) {
                links.emplace(from, to);
            }
        }
    }
    return links;
}

}  // namespace

std::string_view to_string(Partition partition) {
    switch (partition) {
        case Partition::kIsolated:
            return "isolated";
        case Partition::kDeaf:
            return "deaf";
        case Partition::kMute:
            return "mute";
        case Partition::kSplit:
            return "split";
        case Partition::kOneWay:
            return "one way";
        case Partition::kBridge:
            return "bridge";
        case Partition::kRandomLinks:
            return "random links";
    }
    return "unknown";
}

std::set<Link> cut_links(Partition partition, std::size_t nodes, Random& random) {
    std::set<Link> links;
    if (nodes < 2) {
        return links;
    }
    Nodes order(nodes);
    std::iota(order.begin(), order.end(), NodeId{0});
    random.shuffle(order);
    const bool alone = partition == Partition::kIsolated || partition == Partition::kDeaf ||
                       partition == Partition::kMute;
    const auto size = static_cast<std::ptrdiff_t>(alone ? 1 : random.between(1, nodes - 1));
    const Nodes first(order.begin(), order.begin() + size);
    Nodes rest(order.begin() + size, order.end());
    switch (partition) {
        case Partition::kRandomLinks:
            return random_links(nodes, random);
        case Partition::kDeaf:
            cut_all(links, rest, first);
            break;
        case Partition::kMute:
        case Partition::kOneWay:
            cut_all(links, first, rest);
            break;
        case Partition::kBridge:
            rest.pop_back();
            [[fallthrough]];
        case Partition::kIsolated:
        case Partition::kSplit:
            cut_all(links, first, rest);
            cut_all(links, rest, first);
            break;
    }
    return links;
}

}  // namespace polis::sim
