#include <node/app/open_log.hpp>

namespace polis::node {

Result<std::unique_ptr<Log>, std::string> open_log(
    const HomeLayout& home, const NodeConfig::Log& config, Clock& clock) {
    POLIS_TRY(const LogLevel level, parse_log_level(config.level));
    return Log::open(
        {.level = level,
         .json = config.format == "json",
         .file = config.file.empty() ? "" : home.resolve(config.file).string(),
         .clock = &clock});
}

}  // namespace polis::node
