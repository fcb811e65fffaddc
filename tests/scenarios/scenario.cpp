#include <tests/scenarios/scenario.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <vector>

#include <core/integer.hpp>
#include <tests/support/pbft_cluster.hpp>

namespace polis::pbft::testing {

namespace {

using Words = std::vector<std::string>;

Words split(std::string_view line) {
    std::istringstream stream{std::string(line)};
    Words words;
    for (std::string word; stream >> word;) {
        words.push_back(word);
    }
    return words;
}

std::string kind_of(const Message& message) {
    if (std::holds_alternative<Proposal>(message)) {
        return "proposals";
    }
    if (std::holds_alternative<ViewChangeMessage>(message)) {
        return "changes";
    }
    if (const auto* ballot = std::get_if<Ballot>(&message)) {
        return ballot->vote.statement.phase == Phase::kPrepare ? "prepares" : "commits";
    }
    return "decisions";
}

struct Loss {
    std::string kind;
    std::string from;
    std::string to;

    [[nodiscard]] bool hits(const Flight& flight) const {
        return (kind == "all" || kind == kind_of(flight.message)) &&
               (from == "*" || from == std::to_string(flight.from)) &&
               (to == "*" || to == std::to_string(flight.to));
    }
};

class Player {
  public:
    /// @return what went wrong, empty if nothing
    std::string play(const Words& words) {
        if (words.size() == 2 && words[0] == "members") {
            cluster_ = std::make_unique<Cluster>(
                Cluster::Options{.members = number(words[1]), .timing = {}});
            return "";
        }
        if (cluster_ == nullptr) {
            return "the first command must be `members N`";
        }
        const auto command = commands_.find(words.empty() ? "" : words[0]);
        if (command == commands_.end()) {
            return "unknown command";
        }
        return command->second(Words(words.begin() + 1, words.end()));
    }

    /// What the nodes have logged since the last call.
    std::string take_log() {
        std::string out;
        for (std::size_t i = 0; cluster_ != nullptr && i < cluster_->size(); ++i) {
            auto& log = cluster_->node(i).log;
            for (const std::string& line : log) {
                out += "  " + std::to_string(i) + " " + line + "\n";
            }
            log.clear();
        }
        return out;
    }

  private:
    using Command = std::function<std::string(const Words&)>;

    static std::size_t number(const std::string& word) {
        return static_cast<std::size_t>(parse_u64(word).value_or(0));
    }

    /// Calls `act` for each named node, or for all.
    std::string each(const Words& words, const std::function<void(std::size_t)>& act) {
        for (std::size_t i = 0; i < cluster_->size(); ++i) {
            const std::string name = std::to_string(i);
            if (words.empty() || std::ranges::find(words, name) != words.end()) {
                act(i);
            }
        }
        return "";
    }

    std::string timer(const Words& words) {
        const Timer kind = words.at(0) == "view" ? Timer::kView : Timer::kResend;
        return each(
            Words(words.begin() + 1, words.end()), [&](std::size_t i) { cluster_->fire(i, kind); });
    }

    std::string deliver(const Words& words) {
        if (words.empty()) {
            cluster_->deliver_all();
            return "";
        }
        for (std::size_t i = 0; i < number(words[0]); ++i) {
            if (!cluster_->deliver_one()) {
                return "nothing is in flight";
            }
        }
        return "";
    }

    std::string lose(const Words& words) {
        if (words.size() == 1 && words[0] == "nothing") {
            losses_.clear();
        } else if (words.size() == 3) {
            losses_.push_back({words[0], words[1], words[2]});
        } else {
            return "say `lose KIND FROM TO` or `lose nothing`";
        }
        cluster_->set_filter([this](const Flight& flight) {
            return std::ranges::any_of(
                losses_, [&](const Loss& loss) { return loss.hits(flight); });
        });
        return "";
    }

    std::string forge(const Words& words) {
        const std::size_t to = number(words.at(2));
        if (to >= cluster_->size() || !cluster_->node(to).up) {
            return "that node is not running";
        }
        const Height height = cluster_->node(to).replica->height();
        const auto rejected = cluster_->receive(
            to,
            signed_view_change(
                cluster_->committee(), number(words[1]), {height, View{number(words[0])}}));
        return rejected ? std::string(to_string(*rejected)) : "";
    }

    std::string expect(const Words& words) {
        const std::size_t lowest = cluster_->lowest_height();
        if (words.size() != 2 || lowest < number(words[1])) {
            return "the lowest height is " + std::to_string(lowest);
        }
        return cluster_->disagreement();
    }

    std::string build(const Words& words) {
        const std::size_t node = number(words.at(0));
        if (node >= cluster_->size() || !cluster_->node(node).build) {
            return "nobody asked this node for a block";
        }
        cluster_->answer_build(node, words.size() > 1 ? number(words[1]) : 0);
        return "";
    }

    std::unique_ptr<Cluster> cluster_;
    std::vector<Loss> losses_;
    const std::map<std::string, Command, std::less<>> commands_{
        {"start",
         [this](const Words& words) {
             return each(words, [this](std::size_t i) { cluster_->start(i); });
         }},
        {"crash",
         [this](const Words& words) {
             return each(words, [this](std::size_t i) { cluster_->crash(i); });
         }},
        {"clock",
         [this](const Words& words) {
             cluster_->advance_clock(number(words.at(0)));
             return std::string();
         }},
        {"run",
         [this](const Words& words) {
             cluster_->run_for(number(words.at(0)));
             return std::string();
         }},
        {"drop",
         [this](const Words& /*words*/) {
             cluster_->drop([](const Flight&) { return true; });
             return std::string();
         }},
        {"build", [this](const Words& words) { return build(words); }},
        {"timer", [this](const Words& words) { return timer(words); }},
        {"deliver", [this](const Words& words) { return deliver(words); }},
        {"lose", [this](const Words& words) { return lose(words); }},
        {"forge", [this](const Words& words) { return forge(words); }},
        {"expect", [this](const Words& words) { return expect(words); }},
    };
};

}  // namespace

std::string run_scenario(std::string_view text) {
    Player player;
    std::istringstream stream{std::string(text)};
    std::string out;
    for (std::string line; std::getline(stream, line);) {
        if (line.starts_with("#") || line.empty()) {
            out += line + "\n";
            continue;
        }
        if (!line.starts_with("$ ")) {
            continue;  // output of an earlier run
        }
        out += line + "\n";
        const std::string error = player.play(split(line.substr(2)));
        out += player.take_log();
        if (!error.empty()) {
            out += "  error: " + error + "\n";
        }
    }
    return out;
}

}  // namespace polis::pbft::testing
