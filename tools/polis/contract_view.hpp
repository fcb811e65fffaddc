#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <core/bytes.hpp>
#include <core/types.hpp>
#include <tools/contract/abi.hpp>
#include <tools/polis/command.hpp>
#include <tools/polis/node_access.hpp>

/// What the commands of `polis contract` share: whom they call, with what, and what came of it.
namespace polis::tools {

/// Interfaces of contracts, asked of a node once each.
class AbiBook {
  public:
    explicit AbiBook(RpcClient& client) : client_(client) {}

    /// @error no contract there, or one without an interface
    [[nodiscard]] Fallible<const contract::Abi*> find(const std::string& address);

    /// The data of a contract's event by the interface of that contract; as they are if there is
    /// none.
    [[nodiscard]] Json decoded_event(const Json& event);

  private:
    RpcClient& client_;
    std::map<std::string, std::optional<contract::Abi>> known_;
};

/// A call as the command line has it.
struct CallWords {
    std::string address;
    std::string method;
    std::vector<std::string> arguments;
    std::string input;  ///< hexadecimal, for a contract without interface; then no arguments
    std::string value;  ///< POLIS
};

/// The arguments of a contract on a command line: what is left behind the named words. They are no
/// option of the parser's own, which would take [1, 2] apart and -5 for an option.
/// @error kUsage for an option that there is not
[[nodiscard]] Fallible<std::vector<std::string>> extra_words(const CLI::App& command);

/// Adds ADDRESS METHOD --input --value, and lets arguments follow.
void add_call_words(CLI::App& command, CallWords& words);

/// The same, understood.
struct PreparedCall {
    Address contract;
    Bytes input;
    Amount value;
    const contract::AbiMethod* method = nullptr;  ///< nothing if --input was given
};

/// @error kUsage that names the argument; an unknown method, with those that there are
[[nodiscard]] Fallible<PreparedCall> prepare_call(
    AbiBook& book, const CallWords& words, const std::string& keys);

/// Parameters of contract_call and contract_estimateGas.
[[nodiscard]] Json call_params(const CallWords& words, const PreparedCall& call);

/// An output as the method's result; "0x..." without a method, null if it has none.
[[nodiscard]] Fallible<Json> decoded_result(
    const contract::AbiMethod* method, const std::string& output);

/// Contract events of a receipt or of a call that was tried, decoded.
[[nodiscard]] Json decoded_events(AbiBook& book, const Json& events);

/// The text of a failure: "reverted: the balance is too small".
[[nodiscard]] std::string failure_text(const Json& receipt);

/// `query`, `trace`, `storage`, `logs`.
void add_contract_look_commands(Program& program, CLI::App& group);

}  // namespace polis::tools
